"""The reference engine on a CPU: every layout computes the same tokens, and a whole run keeps the
contract. Needs PyTorch; without it these tests skip, but for those of shapes and layouts; in CI,
which installs it, they fail."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch_ranks
from experiments import copy_runner
from schema import faults, load
from shardeck_runner import models
from shardeck_runner.contract import Exit, Failure
from shardeck_runner.experiment import parse_experiment, read_config

ROOT = Path(__file__).resolve().parents[2]
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None and os.environ.get("CI") != "true",
                                 reason="PyTorch is not installed here: pip install torch (minutes, gigabytes)")

TINY = {"hidden": 64, "layers": 4, "heads": 8, "kv_heads": 2, "head_dim": 8, "intermediate": 128, "vocab": 1024}
MOE = {"experts": 8, "top_k": 2, "intermediate": 32, "shared": 0, "dense_layers": 0}
SHAPES = [
    {"name": "tiny/dense", **TINY},
    {"name": "tiny/qwen", **TINY, "qkv_bias": True, "qk_norm": True},
    {"name": "tiny/mixtral", **TINY, "moe": MOE},
    {"name": "tiny/deepseek", **TINY, "kv_heads": 8, "moe": {**MOE, "shared": 2, "dense_layers": 1},
     "mla": {"kv_lora_rank": 32, "q_lora_rank": 0, "rope_dim": 8, "nope_dim": 16, "v_dim": 12}},
    {"name": "tiny/deepseek-q", **TINY, "kv_heads": 8,
     "mla": {"kv_lora_rank": 32, "q_lora_rank": 24, "rope_dim": 8, "nope_dim": 16, "v_dim": 12}},
]


def config(model="tiny/dense", tp=1, pp=1, dp=1, ep=1, **changes):
    return {
        "experiment_id": "T1", "engine": "torch",
        "model": {"name": model, "precision": "float32", "weights": "dummy"},
        "parallelism": {"tp": tp, "pp": pp, "dp_replicate": 1, "dp_shard": dp, "ep": ep},
        "data": {"batch_size": 4, "seq_len": 12, "max_tokens": 6},
        "warmup_iterations": 1, "profile_iterations": 3, **changes,
    }


@pytest.fixture(scope="module")
def experiments(tmp_path_factory):
    """The runner, as a workspace has it."""
    folder = tmp_path_factory.mktemp("experiments")
    return copy_runner(folder, SHAPES).parent


ENVIRONMENT = {**{k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "MASTER_"))},
               "SHARDECK_DEVICE": "cpu", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
               "SHARDECK_PATIENCE": "0.02"}


def on_ranks(work, folder, **layout):
    """What a function of torch_ranks returns in every rank of a layout."""
    path = folder / f"{work.__name__}-{'-'.join(f'{k}{v}' for k, v in layout.items())}.json".replace("/", "_")
    path.write_text(json.dumps(config(**layout)), encoding="utf-8")
    ranks = read_config(str(path)).ranks
    outputs = [path.with_suffix(f".{r}") for r in range(ranks)]
    return torch_ranks.run(work, path, ranks, path.with_suffix(".notice"), outputs)


def generate(folder, **layout):
    """Runs every rank of a layout; returns the tokens of all requests, and each rank's own."""
    found = on_ranks(torch_ranks.tokens, folder, **layout)
    replicas = {f["dp"]: f["tokens"] for f in found}
    for f in found:
        assert f["tokens"] == replicas[f["dp"]], "ranks of a replica disagree"
    return [t for d in sorted(replicas) for t in replicas[d]]


@pytest.fixture(scope="module")
def alone(experiments):
    """Tokens of each model on one rank, computed once."""
    known = {}

    def tokens(model):
        if model not in known:
            known[model] = generate(experiments, model=model)
        return known[model]

    return tokens


@needs_torch
@pytest.mark.parametrize(("nsys", "device", "kind"), [
    (True, "cuda", "nvtx"), (False, "cuda", "profiler"), (True, "cpu", "profiler"),
])
def test_steps_are_marked_for_the_profiler_that_looks(monkeypatch, nsys, device, kind):
    import torch
    from shardeck_runner import torch_engine

    monkeypatch.setattr(torch.cuda.nvtx, "range", lambda step: ("nvtx", step))
    monkeypatch.setattr(torch.profiler, "record_function", lambda step: ("profiler", step))
    e = SimpleNamespace(e=SimpleNamespace(nsys=nsys), world=SimpleNamespace(device=SimpleNamespace(type=device)))
    assert torch_engine.Engine.mark(e, "prefill") == (kind, "prefill")


@needs_torch
@pytest.mark.parametrize(("model", "layout"), [
    ("tiny/dense", {"tp": 2}),
    ("tiny/dense", {"tp": 4}),  # more ranks than KV heads
    ("tiny/dense", {"pp": 2}),
    ("tiny/dense", {"tp": 2, "pp": 2}),
    ("tiny/dense", {"dp": 2}),
    ("tiny/qwen", {"tp": 2}),
    ("tiny/mixtral", {"tp": 2}),  # every expert split
    ("tiny/mixtral", {"tp": 2, "ep": 2}),
    ("tiny/deepseek", {"dp": 2, "ep": 2}),
    ("tiny/deepseek", {"tp": 2, "dp": 2, "ep": 4}),
    ("tiny/deepseek", {"tp": 2, "pp": 2}),
    ("tiny/deepseek-q", {"tp": 2}),
], ids=lambda v: v if isinstance(v, str) else "-".join(f"{k}{n}" for k, n in v.items()))
def test_every_layout_computes_the_same_tokens(experiments, alone, model, layout):
    want = alone(model)
    assert len({tuple(t) for t in want}) == len(want), "different prompts should go different ways"
    assert generate(experiments, model=model, **layout) == want


@needs_torch
@pytest.mark.parametrize("model", ["tiny/dense", "tiny/qwen", "tiny/deepseek", "tiny/deepseek-q"])
def test_a_decode_step_sees_what_a_prefill_sees(experiments, model):
    """The cache is right if the last token of a longer prompt comes out as it does step by step."""
    got, = on_ranks(torch_ranks.cached, experiments, model=model)
    assert got["stepped"] == got["whole"] == got["fixed"]


class Run:
    def __init__(self, experiments, folder, **settings):
        self.out = folder / "out"
        path = folder / "config.yaml"
        path.write_text(json.dumps(config(**settings)), encoding="utf-8")
        program = str(experiments / "vllm_profiler.py")
        self.command = [sys.executable, program, "--config", str(path), "--output-dir", str(self.out)]

    def go(self, **environment):
        done = subprocess.run(self.command, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=180)
        self.log = done.stdout + done.stderr
        return done.returncode

    def json(self, name):
        data = (self.out / name).read_bytes()
        return json.loads(gzip.decompress(data) if name.endswith(".gz") else data)


COLLECTIVES = {  # calls a step on rank 0 of tiny models, of 4 layers
    "tp2": ({"tp": 2}, {"allreduce_": 8, "broadcast_": 1}),
    "pp2": ({"pp": 2}, {"broadcast_": 1, "send": 1}),
    "ep2": ({"model": "tiny/mixtral", "dp": 2, "ep": 2}, {"alltoall_base_": 12}),
    "tp2pp2": ({"tp": 2, "pp": 2}, {"allreduce_": 4, "broadcast_": 1, "send": 1}),
}


@needs_torch
@pytest.mark.parametrize("name", COLLECTIVES)
def test_a_whole_run(experiments, tmp_path, name):
    layout, collectives = COLLECTIVES[name]
    r = Run(experiments, tmp_path, **layout)
    assert r.go() == Exit.DONE, r.log
    info = r.json("run.json")
    assert faults(info, load("run")) == []
    world = info["world_size"]
    assert sorted(p.name for p in r.out.iterdir()) == sorted(
        ["config.yaml", "run.json"] + [f.format(k) for k in range(world) for f in
                                       ("timing_stats_{}.json", "kineto_trace_{}.json.gz", "torch_et_{}.json.gz",
                                        *(["experts_{}.json"] if "ep" in layout else []))])
    assert (info["status"], info["engine"], info["timed_iterations"], info["traced_iterations"]) == ("complete", "torch", 3, 2)
    assert "missing" not in info
    requests = 4 // layout.get("dp", 1)
    for rank in range(world):
        stats = r.json(f"timing_stats_{rank}.json")
        assert faults(stats, load("timing_stats")) == []
        assert [len(t) for t in stats["unprofiled_ttft"]] == [requests] * 3
        for seconds, ttft, tpot in zip(stats["unprofiled_iteration_times"], stats["unprofiled_ttft"], stats["unprofiled_tpot"]):
            assert seconds == pytest.approx(ttft[0] + 5 * tpot[0])
        assert stats["unprofiled_output_tokens"] == [[6] * requests] * 3
        assert stats["unprofiled_input_tokens"] == [[12] * requests] * 3
    events = r.json("kineto_trace_0.json.gz")["traceEvents"]
    assert r.json("kineto_trace_1.json.gz")["distributedInfo"]["rank"] == 1
    steps = [e["name"] for e in sorted((e for e in events if e.get("name") in ("prefill", "decode")), key=lambda e: e["ts"])]
    assert steps == (["prefill"] + ["decode"] * 5) * 2
    calls: dict[str, int] = {}
    for e in events:
        if e["name"].startswith("c10d::"):
            what = e["name"].removeprefix("c10d::")
            calls[what] = calls.get(what, 0) + 1
    assert calls == {k: v * len(steps) for k, v in collectives.items()}
    nodes = r.json("torch_et_0.json.gz")["nodes"]
    assert any(n["name"] == "aten::linear" or n["name"] == "aten::mm" for n in nodes)
    assert "stage compile" not in r.log  # no CUDA graph on a CPU
    for rank in range(world if "ep" in layout else 0):
        experts = r.json(f"experts_{rank}.json")
        assert (experts["layers"], experts["owner"]) == ([0, 1, 2, 3], [0] * 4 + [1] * 4)
        assert [(s["phase"], s["tokens"]) for s in experts["steps"]] == [("prefill", 24)] + [("decode", 2)] * 5
        assert {sum(c) for s in experts["steps"][1:] for c in s["counts"]} == {4}  # two requests, two experts each
    assert r.log.count("shardeck: stage timing") == 1


@needs_torch
def test_a_calibration_measures_every_law(experiments):
    got, other = on_ranks(torch_ranks.calibrated, experiments, dp=2)
    assert len(got["samples"]) == len(other["samples"]), "ranks that measure other things would wait for each other"
    assert (got["ranks"], got["nodes"], got["backend"], got["gpu"]) == (2, 1, "gloo", "")
    found = {(s["law"], s.get("operator", ""), *s.get("shape", ())): s for s in got["samples"]}
    laws = {k[0] for k in found} | {m.split()[0] for m in got["missing"] if " of 2 ranks" in m}  # that this gloo has not
    assert laws == {"decode_gemm", "middle_gemm", "prefill_gemm", "decode_attention", "prefill_attention", "small_kernel",
                    "all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "send_recv"}
    assert got["missing"][-1].startswith("the machine: the time was over at memory_copy")
    qkv = found["prefill_gemm", "qkv", 16, 96, 64]  # 8 heads and 2 + 2 of keys and values, of 8
    assert (qkv["flops"], qkv["bytes"]) == (2 * 16 * 96 * 64, 4 * (96 * 64 + 16 * 64 + 16 * 96))
    assert ("decode_gemm", "qkv", 1, 48, 64) in found, "half of it, for TP 2"
    assert ("decode_gemm", "head", 4, 1024, 64) in found and ("prefill_gemm", "head", 16, 1024, 64) not in found
    assert found["decode_attention", "gqa", 2, 1, 16]["bytes"] == 4 * 2 * 2 * 16 * 1 * 8, "TP 2 is the last, with one KV head"
    assert found["decode_attention", "mla", 2, 1, 16]["bytes"] == 4 * 2 * 16 * (32 + 8)
    assert all(0 < s["low"] <= s["seconds"] <= s["high"] for s in got["samples"])
    reduced = [s for s in got["samples"] if s["law"] == "all_reduce"]
    assert [(s["bytes"], s["group"], s["nodes"]) for s in reduced] == [(1024, 2, 1), (2048, 2, 1)]


@needs_torch
def test_a_rank_that_dies_ends_the_run(experiments, tmp_path):
    r = Run(experiments, tmp_path, tp=2, profile_iterations=5000)
    process = subprocess.Popen(r.command, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if line.startswith("shardeck: iteration 3 of 5000 timing"):
            break
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(children[1]), 9)
    log = process.stdout.read()
    assert process.wait(timeout=60) == Exit.WORKER, log
    info = r.json("run.json")
    assert "rank 1 was ended by signal 9" in info["cause"]
    assert info["status"] == "partial"
    assert len(r.json("timing_stats_0.json")["unprofiled_iteration_times"]) >= 3


@needs_torch
def test_sigterm_keeps_what_was_measured(experiments, tmp_path):
    r = Run(experiments, tmp_path, tp=2, profile_iterations=5000)
    process = subprocess.Popen(r.command, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if line.startswith("shardeck: iteration 3 of 5000 timing"):
            break
    process.terminate()
    log = process.stdout.read()
    assert process.wait(timeout=60) == Exit.PARTIAL, log
    info = r.json("run.json")
    assert info["timed_iterations"] >= 3
    assert "SIGTERM" in info["cause"]


# Without PyTorch


def torch_experiment(**settings):
    return parse_experiment(config(**settings))


@pytest.fixture
def tiny_shapes(monkeypatch):
    monkeypatch.setattr(models, "known_models", lambda: SHAPES)


@pytest.mark.parametrize(("settings", "says"), [
    ({"tp": 3}, "8 attention heads do not divide by TP = 3"),
    ({"pp": 5}, "4 layers are fewer than PP = 5"),
    ({"tp": 2, "ep": 2}, "no experts"),
    ({"vllm": {"seed": 1}}, "vllm: its arguments mean nothing"),
    ({"comm": {"all_reduce": "custom"}}, "NCCL only"),
    ({"model": "tiny/mixtral", "tp": 1, "dp": 3, "ep": 3, "data": {"batch_size": 3}}, "8 experts do not divide by EP = 3"),
])
def test_layouts_that_cannot_be_cut(tiny_shapes, settings, says):
    e = torch_experiment(**settings)
    with pytest.raises(Failure, match=re.escape(says)) as f:
        models.check_shape(e, models.shape_of(e))
    assert f.value.code == Exit.CONFIG


def test_an_unknown_model_names_those_there_are(tiny_shapes):
    with pytest.raises(Failure, match="it knows tiny/dense, tiny/qwen"):
        models.shape_of(torch_experiment(model="tiny/other"))


def test_layers_override_the_depth(tiny_shapes):
    e = parse_experiment({**config(), "model": {"name": "tiny/dense", "layers": 2}})
    assert models.shape_of(e).layers == 2


def test_every_shape_of_the_catalogue_is_understood(monkeypatch):
    yaml = pytest.importorskip("yaml")
    known = yaml.safe_load((ROOT / "templates" / "models.yaml").read_text(encoding="utf-8"))["models"]
    monkeypatch.setattr(models, "known_models", lambda: known)
    for m in known:
        for name in (m["name"], *m["aliases"]):
            s = models.shape_of(torch_experiment(model=name))
            assert (s.hidden, s.layers, bool(s.experts), bool(s.kv_rank)) == (m["hidden"], m["layers"], "moe" in m, "mla" in m)


def test_without_torch(experiments, tmp_path):
    r = Run(experiments, tmp_path)
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["torch"] = None\n')  # where it is installed
    assert r.go(PYTHONPATH=str(tmp_path)) == Exit.SOFTWARE, r.log
    assert "PyTorch is not installed" in r.json("run.json")["cause"]


def test_without_a_gpu(experiments, tmp_path):
    r = Run(experiments, tmp_path)
    assert r.go(SHARDECK_DEVICE="cuda", CUDA_VISIBLE_DEVICES="") == Exit.GPUS, r.log
