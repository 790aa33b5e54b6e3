"""Traces: how much is traced, and the files that the engines write."""

from __future__ import annotations

import contextlib
import functools
import glob
import gzip
import math
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shardeck_runner.contract import PATIENCE, log
from shardeck_runner.experiment import Experiment

TRACE_BUDGET = 300e6  # bytes of Kineto JSON a rank, before compression
STEP_BYTES = 1.2e6  # of one forward step of a model of STEP_LAYERS layers, measured
STEP_LAYERS = 32
PREFILL_CHUNK = 8192  # tokens of one prefill step, vLLM's usual max_num_batched_tokens


LIGHT = "light"  # folder of the light traced pass, inside the output directory
CAPTURED = "capture_traces"  # and of vLLM's traces of the capture of CUDA graphs; vLLM's own name


@dataclass(frozen=True)
class TracePlan:
    """How much of the workload is traced."""

    iterations: int
    tokens: int  # output tokens of each
    bytes: int  # estimate, a rank, before compression


def plan_trace(e: Experiment, layers: int = STEP_LAYERS, chunk: int = PREFILL_CHUNK, together: int = 1) -> TracePlan:
    """Bounds the traced pass: what is given stands, auto keeps the estimate under the budget.

    A step costs about the same trace whether it is a prefill chunk or a decode step. Two
    iterations where they fit, since a rank must be late in both to be called a straggler. Replicas
    of one world ask each other every `together` steps whether all are done, and step on until then.
    """
    step = STEP_BYTES * max(layers, 1) / e.pp / STEP_LAYERS
    prefill = math.ceil(e.requests(0) * e.seq_len / chunk)
    iterations = e.trace_iterations or min(2, e.iterations)
    room = int(TRACE_BUDGET / step / iterations) // together * together - prefill
    tokens = min(e.trace_tokens or max(2, room), e.max_tokens)
    steps = math.ceil((prefill + tokens) / together) * together
    return TracePlan(iterations, tokens, int(iterations * steps * step))


def log_plan(plan: TracePlan, e: Experiment) -> None:
    size = "" if e.nsys else f", about {plan.bytes / 1e6:.0f} MB a rank before compression"
    log(f"traced pass: {plan.iterations} of {e.iterations} iterations, {plan.tokens} of {e.max_tokens} output tokens each{size}")


def collect_traces(raw: Path, out: Path, first_rank: int, count: int, patience: float = 60.0 * PATIENCE) -> list[str]:
    """Finds the workers' trace files, tells their ranks and moves them to kineto_trace_<rank>.json.gz.

    Returns what is wrong with them, a sentence each. The number of files must be the number of
    ranks; a file whose rank nobody can tell stays where it is.
    """
    files = wait_for_traces(raw, count, patience)
    faults = [] if len(files) == count else [f"traces: {len(files)} files of {count} ranks in {raw}"]
    taken: dict[int, Path] = {}
    for f in files:
        rank = rank_of(f, count)
        if rank is not None and rank >= first_rank:
            rank -= first_rank  # some versions name by the rank in the whole world
        if rank is None or rank in taken or not 0 <= rank < count:
            faults.append(f"{f.name}: rank {'unknown' if rank is None else rank}; left in {raw}")
            continue
        taken[rank] = f
    out.mkdir(exist_ok=True)
    for rank, f in sorted(taken.items()):
        if not is_whole_json(f):
            faults.append(f"kineto_trace_{first_rank + rank}.json.gz: the file ends too early")
        move_compressed(f, out / f"kineto_trace_{first_rank + rank}.json.gz")
    return faults + [f"kineto_trace_{first_rank + r}.json.gz: rank {first_rank + r} wrote none"
                     for r in range(count) if r not in taken and len(files) <= count]


def collect_captured(raw: Path, out: Path) -> list[str]:
    """Moves the traces of the capture of CUDA graphs, which hold shapes, to a folder of their own; returns their names."""
    names = []
    for f in sorted((raw / CAPTURED).glob("*.json*")):
        (out / CAPTURED).mkdir(exist_ok=True)
        name = f.name if f.suffix == ".gz" else f"{f.name}.gz"
        move_compressed(f, out / CAPTURED / name)
        names.append(f"{CAPTURED}/{name}")
    return names


def wait_for_traces(raw: Path, count: int, patience: float) -> list[Path]:
    """The trace files, once all are there and none grows any more, or patience is over."""
    deadline, before = time.monotonic() + patience, None
    while True:
        files = sorted(Path(f) for f in glob.glob(f"{glob.escape(str(raw))}/*.pt.trace.json*"))
        now = [(f, f.stat().st_size) for f in files]
        if (len(files) >= count and now == before) or time.monotonic() > deadline:
            return files
        before = now
        time.sleep(min(0.5, patience / 10))


def rank_of(path: Path, count: int) -> int | None:
    """The rank inside the replica: from the name, else from distributedInfo, else the only one."""
    named = re.search(r"(?:^|[_-])rank-?(\d+)(?=[._-])", path.name)
    if named:
        return int(named.group(1))
    for text in head_and_tail(path):
        inside = re.search(r'"distributedInfo"\s*:\s*\{[^}]*?"rank"\s*:\s*"?(\d+)', text)
        if inside:
            return int(inside.group(1)) % count  # replicas are the outermost factor of the world
    return 0 if count == 1 else None


def head_and_tail(path: Path, size: int = 1 << 16) -> Iterator[str]:
    """The first and the last text of a trace, where its header may stand."""
    with contextlib.suppress(OSError, EOFError), open_unpacked(path) as f:
        tail = f.read(size)
        yield tail.decode("utf-8", "replace")
        while chunk := f.read(1 << 20):
            tail = (tail + chunk)[-size:]
        yield tail.decode("utf-8", "replace")


def open_unpacked(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def is_whole_json(path: Path) -> bool:
    """Whether a trace can be read to its end and closes its JSON."""
    try:
        with open_unpacked(path) as f:
            tail = b""
            while chunk := f.read(1 << 20):
                tail = (tail + chunk)[-64:]
    except (OSError, EOFError):
        return False
    return tail.rstrip().endswith(b"}")


MEMBER = 1 << 20  # bytes of text in a member of a compressed file


def move_compressed(source: Path, target: Path) -> None:
    """Moves a file to its name, compressed if it is not yet.

    It is packed in members, each by a thread, so that whoever reads it can unpack them side by side.
    To all others it is a gzip file like any.
    """
    if source.suffix == ".gz":
        os.replace(source, target)
        return
    temporary = target.with_name(f".{target.name}.tmp")
    pack = functools.partial(gzip.compress, compresslevel=6)
    threads = min(os.cpu_count() or 1, 8)
    with open(source, "rb") as f, open(temporary, "wb") as z, ThreadPoolExecutor(threads) as pool:
        while texts := [text for _ in range(8 * threads) if (text := f.read(MEMBER))]:
            z.writelines(pool.map(pack, texts))
        if z.tell() == 0:
            z.write(pack(b""))
    os.replace(temporary, target)
    source.unlink()
