"""Trace files of the workers."""

from __future__ import annotations

import gzip
import zlib

import pytest
from shardeck_runner.traces import MEMBER, collect_traces, move_compressed, rank_of


def trace_file(folder, name, rank=None, packed=True, text=None):
    info = "" if rank is None else f'"distributedInfo": {{"backend": "nccl", "rank": {rank}, "world_size": 4}},'
    data = (text or f'{{ {info} "traceEvents": [], "traceName": "{name}" }}').encode()
    path = folder / (f"{name}.123.pt.trace.json" + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize(
    ("name", "inside", "want"),
    [
        ("dp0_pp1_tp1_dcp0_ep1_rank3", None, 3),
        ("run7_dp0_pp0_tp0_dcp0_ep0_rank0", None, 0),
        ("instance-rank-2", None, 2),
        ("nid001234_998", 1, 1),
        ("nid001234_998", 5, 1),  # rank of the world, with replicas outermost
        ("nid001234_998", None, None),
        ("frank5_998", None, None),
    ],
)
def test_ranks_of_trace_files(tmp_path, name, inside, want):
    assert rank_of(trace_file(tmp_path, name, inside), 4) == want


def test_the_only_trace_is_rank_0(tmp_path):
    assert rank_of(trace_file(tmp_path, "host_1"), 1) == 0


def test_a_rank_behind_the_events_is_found(tmp_path):
    text = '{"traceEvents": [' + ",".join('{"ph": "X"}' for _ in range(20000)) + '], "distributedInfo": {"rank": 2}}'
    assert rank_of(trace_file(tmp_path, "host_1", text=text), 4) == 2


def test_traces_are_renamed_by_global_rank(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    out.mkdir()
    trace_file(raw, "a-rank-1")
    trace_file(raw, "b-rank-0", packed=False)
    assert collect_traces(raw, out, first_rank=4, count=2, patience=2.0) == []
    assert sorted(p.name for p in out.iterdir()) == ["kineto_trace_4.json.gz", "kineto_trace_5.json.gz"]
    assert "b-rank-0" in gzip.decompress((out / "kineto_trace_4.json.gz").read_bytes()).decode()
    assert not list(raw.iterdir())


def test_traces_named_by_the_rank_in_the_world(tmp_path):
    for rank in (2, 3):
        trace_file(tmp_path, f"a-rank-{rank}")
    assert collect_traces(tmp_path, tmp_path, first_rank=2, count=2, patience=0.2) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kineto_trace_2.json.gz", "kineto_trace_3.json.gz"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a-rank-0"], "rank 1 wrote none"),
        (["a-rank-0", "b-rank-0"], "rank 0; left in"),
        (["a-rank-0", "b-rank-7"], "rank 7; left in"),
        (["a-rank-0", "b-rank-1", "c_1"], "rank unknown; left in"),
        ([], "rank 0 wrote none"),
    ],
)
def test_wrong_numbers_of_traces_are_said(tmp_path, names, says):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    out.mkdir()
    for n in names:
        trace_file(raw, n)
    faults = collect_traces(raw, out, 0, 2, patience=0.2)
    assert says in "\n".join(faults)


def test_a_cut_trace_is_kept_and_said(tmp_path):
    path = trace_file(tmp_path, "a-rank-0", text='{"traceEvents": [' + "1," * 5000 + "1]}")
    path.write_bytes(path.read_bytes()[:40])
    faults = collect_traces(tmp_path, tmp_path, 0, 1, patience=0.2)
    assert faults == ["kineto_trace_0.json.gz: the file ends too early"]
    assert (tmp_path / "kineto_trace_0.json.gz").exists()


@pytest.mark.parametrize("size", [0, 10, 3 * MEMBER + 7, 40 * MEMBER])
def test_a_file_is_packed_in_members_that_are_one_text(tmp_path, size):
    text = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    raw, out = tmp_path / "raw.json", tmp_path / "out.json.gz"
    raw.write_bytes(text)
    move_compressed(raw, out)
    assert gzip.decompress(out.read_bytes()) == text and not raw.exists()
    rest, sizes = out.read_bytes(), []
    while rest:
        member = zlib.decompressobj(wbits=31)
        sizes.append(len(member.decompress(rest)))
        rest = member.unused_data
    assert max(sizes) <= MEMBER and len(sizes) == max(1, -(-size // MEMBER))
