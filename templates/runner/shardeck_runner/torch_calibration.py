"""What the laws of a forecast need, measured on this machine: calibration.json, as model/forecast of shardeck reads it.

GEMMs and attention of the models asked for, at decode and prefill sizes and cut for 1, 2 and 4 TP ranks; the memory's bandwidth;
a small kernel; the host's cost of a launch; each collective over sizes, in groups of 2, 4 … ranks of a node and over nodes.
A sample is many calls in a row, one CUDA graph, so that the host's launches do not count; on a CPU they are a loop. Of a
collective it is its transfer, as in a trace: of each call the shortest kernel among the ranks, as the others wait for the last;
`row` is then the time of a call in the row, with waits and gaps. Weights and caches are taken in turn from a set larger than
the GPU's own cache, as a model's layers are. Every rank measures, as in a run all GPUs draw power at once; the times are those
of rank 0.
"""

from __future__ import annotations

import dataclasses
import math
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

from shardeck_runner.causes import one_line
from shardeck_runner.contract import log, stage
from shardeck_runner.experiment import Experiment
from shardeck_runner.files import write_json
from shardeck_runner.models import Shape, find_shape
from shardeck_runner.results import ProcessResult, now
from shardeck_runner.torch_layers import Attention, LatentAttention, Step, Weights, normalize
from shardeck_runner.torch_world import World, description, versions

Call = Callable[[], Any]

BUDGET = {"cuda": 75.0, "cpu": 15.0}  # seconds for what needs no other rank; what is left then is left out, and said
ROWS = 7  # timed rows of calls behind a sample
ROW_SECONDS = 0.002  # about what a row takes
LEAST = 3  # calls in a row
COLD = 4  # times the GPU's cache: what calls go through in turn
DECODE, MIDDLE, PREFILL = (1, 4, 16, 64), (128, 256, 512), (1024, 2048, 4096, 8192)  # tokens of a step
CUTS = (1, 2, 4)  # TP
CONTEXTS = ((1, 512), (1, 8192), (4, 2048), (16, 512), (16, 2048), (16, 8192), (64, 2048))  # requests, tokens in the cache
PROMPTS = ((1, 512), (1, 1024), (1, 2048), (1, 4096), (1, 8192), (4, 512), (4, 2048), (16, 512))
BIGGEST = {"cuda": 256 << 20, "cpu": 4 << 20}  # bytes of a collective


def calibrate(e: Experiment, world: World, out: Path, result: ProcessResult) -> None:
    """Measures it all. Only rank 0 writes."""
    result.versions, result.ranks = versions(world), [{**description(world), "engine": {"backend": world.backend}}]
    stage("timing")
    c = Calibration(e, world)
    c.alone("memory and launches", c.machine())
    for name in e.calibrate:
        shape = find_shape(name)
        if shape is None or shape.peculiar:
            c.missing.append(f"{name}: its layers are not known to engine torch")
        else:
            c.alone(f"sizes of {name}", c.model_sizes(name, shape))
        c.save(out)
    for _ in c.collectives(max(1, e.ranks // max(1, world.nodes))):
        c.save(out)
    c.save(out)
    result.notes += c.missing


@dataclasses.dataclass
class Measurement:
    """One sample to take: what is called in turn, and what the sample says of it."""

    law: str
    calls: list[Call]
    bytes: float
    flops: float = 0.0
    operator: str = ""
    model: str = ""
    shape: Sequence[int] = ()
    eager: bool = False  # no graph: the host's launches are what is measured
    group: Any = None  # of a collective: its ranks


class Calibration:
    """The samples of one rank."""

    def __init__(self, e: Experiment, world: World) -> None:
        self.e, self.world, self.device, self.dtype = e, world, world.device, getattr(torch, e.precision)
        self.size = torch.empty(0, dtype=self.dtype).element_size()
        self.cuda = self.device.type == "cuda"
        self.samples: list[dict[str, Any]] = []
        self.missing: list[str] = []
        self.deadline = time.monotonic() + BUDGET[self.device.type]

    def save(self, out: Path) -> None:
        """Keeps what there is: an end before time loses nothing."""
        if self.world.rank == 0:
            write_json(out / "calibration.json", self.contents())

    def contents(self) -> dict[str, Any]:
        e, world = self.e, self.world
        return {"schema": 1, "date": now(), "host": socket.gethostname(), "precision": e.precision, "ranks": e.ranks,
                "gpu": torch.cuda.get_device_name() if self.cuda else "", "nodes": world.nodes, "backend": world.backend,
                "versions": versions(world), "models": list(e.calibrate), "samples": self.samples, "missing": self.missing}

    def alone(self, what: str, measurements: Iterator[Measurement]) -> None:
        """Takes samples that need no other rank, until the time for them is over."""
        log(f"calibration: {what}")
        late: list[str] = []
        for m in measurements:
            left, words = self.deadline - time.monotonic(), f"{m.law} {m.operator} {list(m.shape)}"
            if left < 0:
                self.missing.append(f"{what}: the time was over at {words}")
                break
            if self.guess(m) * (ROWS + 2) > left:
                late.append(words)
                continue
            try:
                self.take(m)
            except RuntimeError as x:  # out of memory, or a kernel that this build has not
                self.missing.append(f"{words}: {one_line(str(x))}")
        if late:
            self.missing.append(f"{what}: {len(late)} samples take too long here, the first {late[0]}")

    def guess(self, m: Measurement) -> float:
        """About how many seconds a call takes, by its size alone."""
        return 5e-6 + m.bytes / (1e12 if self.cuda else 2e9) + m.flops / (3e14 if self.cuda else 2e10)

    def take(self, m: Measurement, group: int = 1, nodes: int = 1) -> None:
        rows, transfers = self.times(m)
        times = transfers or rows
        told = {"law": m.law, "operator": m.operator, "model": m.model, "shape": list(m.shape), "group": group, "nodes": nodes,
                "bytes": m.bytes, "flops": m.flops, "seconds": statistics.median(times), "low": min(times), "high": max(times),
                "row": statistics.median(rows) if transfers else 0.0, "n": len(times)}
        self.samples.append({k: v for k, v in told.items() if v not in ("", [], 0.0) or k == "bytes"})

    def times(self, m: Measurement) -> tuple[list[float], list[float]]:
        """Seconds of a call by row, and of a GPU's collective its transfers. All ranks must have as many calls in a row: their
        number follows from the size."""
        for call in m.calls:
            call()
        self.world.wait_for_device()
        count = max(LEAST, min(200 if self.cuda else 20, math.ceil(ROW_SECONDS / self.guess(m))))
        row = [m.calls[i % len(m.calls)] for i in range(max(count, len(m.calls)))]
        if not self.cuda:
            return [timed_here(row) for _ in range(ROWS)], []
        replay = (lambda: [call() for call in row]) if m.eager else captured(row)
        replay()
        rows = [timed_on_gpu(replay) / len(row) for _ in range(ROWS)]
        return rows, self.transfers(replay, len(row), m.group) if m.group else []

    def transfers(self, replay: Call, count: int, group: Any) -> list[float]:
        """Seconds of each of `count` calls of a collective: of its shortest kernel among the ranks. None where one is missing."""
        mine = kernel_times(replay, "nccl")
        shortest = torch.tensor(mine if len(mine) == count else [0.0] * count, dtype=torch.float64, device=self.device)
        dist.all_reduce(shortest, op=dist.ReduceOp.MIN, group=group)
        found: list[float] = shortest.tolist()
        return found if min(found) > 0 else []

    def turns(self, bytes_each: float) -> int:
        """How many of a thing calls go through in turn."""
        cache = torch.cuda.get_device_properties(self.device).L2_cache_size if self.cuda else 0
        return max(1, min(64, math.ceil(COLD * cache / bytes_each)))

    def random(self, *shape: int) -> Any:
        return torch.empty(*shape, device=self.device, dtype=self.dtype).normal_()

    # What a model runs

    def model_sizes(self, name: str, s: Shape) -> Iterator[Measurement]:
        for n, k, operator in dict.fromkeys((*nk, operator) for t in CUTS for operator, nk in gemms(s, t).items()):
            yield from self.gemm(name, operator, n, k)
        for t in CUTS:
            part = dataclasses.replace(s, heads=max(1, s.heads // t), kv_heads=max(1, s.kv_heads // t))
            yield from self.latent(name, part) if s.kv_rank else self.grouped(name, part)
        weight = torch.ones(s.hidden, device=self.device, dtype=self.dtype)
        for m in (*DECODE, *PREFILL):
            x = self.random(m, s.hidden)
            yield Measurement("small_kernel", [partial(normalize, x, weight)], 2.0 * m * s.hidden * self.size,
                              operator="norm", model=name, shape=(m, s.hidden))

    def gemm(self, name: str, operator: str, n: int, k: int) -> Iterator[Measurement]:
        weights = [self.random(n, k) for _ in range(self.turns(n * k * self.size))]
        for law, rows in (("decode_gemm", DECODE), ("middle_gemm", MIDDLE), ("prefill_gemm", PREFILL)):
            for m in rows if operator != "head" else [r for r in rows if r <= DECODE[-1]]:  # of a prompt one row goes through it
                x = self.random(m, k)
                yield Measurement(law, [partial(F.linear, x, w) for w in weights], self.size * float(n * k + m * k + m * n),
                                  2.0 * m * n * k, operator, name, (m, n, k))

    def layer(self, kind: Any, s: Shape, batch: int, capacity: int) -> Any:
        """An attention layer of the engine, of one rank that has these heads alone."""
        e = dataclasses.replace(self.e, tp=1)
        return kind(s, e, Weights(self.device, self.dtype), SimpleNamespace(tp=0, rank=0), "calibration.", batch, capacity)

    def grouped(self, name: str, s: Shape) -> Iterator[Measurement]:
        for batch, context in CONTEXTS:
            layer, position = self.layer(Attention, s, batch, context), torch.tensor([context - 1], device=self.device)
            cache = 2.0 * batch * context * s.kv_heads * s.head_dim * self.size
            caches = [(self.random(*layer.keys.shape), self.random(*layer.keys.shape)) for _ in range(self.turns(cache))]
            q, kv = (self.random(batch, h, 1, s.head_dim) for h in (s.heads, s.kv_heads))
            step = Step(-1, None, None, position)
            yield Measurement("decode_attention", [partial(attend, layer, c, q, kv, step) for c in caches],
                              cache, operator="gqa", model=name, shape=(batch, 1, context))
        for batch, tokens in PROMPTS:
            layer = self.layer(Attention, s, batch, tokens)
            q, kv = (self.random(batch, h, tokens, s.head_dim) for h in (s.heads, s.kv_heads))
            pair = (layer.keys, layer.values)
            yield Measurement("prefill_attention", [partial(attend, layer, pair, q, kv, Step(0, None, None))],
                              2.0 * self.size * (q.numel() + kv.numel()), 2.0 * s.heads * 2 * s.head_dim * batch * tokens**2 / 2,
                              "gqa", name, (batch, tokens, tokens))

    def latent(self, name: str, s: Shape) -> Iterator[Measurement]:
        for law, sizes in (("decode_attention", CONTEXTS), ("prefill_attention", PROMPTS)):
            for batch, context in sizes:
                new = 1 if law == "decode_attention" else context
                layer, cache = self.layer(LatentAttention, s, 1, 1), batch * context * (s.kv_rank + s.rope_dim) * self.size
                caches = [(self.random(batch, context, s.kv_rank), self.random(batch, context, s.rope_dim))
                          for _ in range(self.turns(cache) if new == 1 else 1)]
                q = self.random(batch, new, s.heads, s.nope_dim), self.random(batch, new, s.heads, s.rope_dim)
                run = layer.absorbed if new == 1 else layer.expanded
                flops = 0.0 if new == 1 else 2.0 * s.heads * (s.nope_dim + s.rope_dim + s.v_dim) * batch * context**2 / 2
                yield Measurement(law, [partial(run, *q, *c) for c in caches], float(cache), flops, "mla", name,
                                  (batch, new, context))

    # The machine

    def machine(self) -> Iterator[Measurement]:
        for _ in range(200 if self.cuda else 0):  # wakes the clocks
            self.random(4096, 4096) @ self.random(4096, 4096)
        for size in (1 << k for k in range(20, 30 if self.cuda else 26)):
            pairs = [tuple(torch.empty(size, device=self.device, dtype=torch.uint8) for _ in "ab")
                     for _ in range(self.turns(2.0 * size))]
            yield Measurement("memory_copy", [partial(a.copy_, b) for a, b in pairs], 2.0 * size)
        one = torch.zeros(1, device=self.device)
        yield Measurement("host_launch", [partial(one.add_, 1)] * 500, 0.0, eager=True)

    def collectives(self, per_node: int) -> Iterator[None]:
        """Each collective in groups with rank 0: 2, 4 … and all ranks of a node, all ranks of all nodes, one of each."""
        nodes = self.e.ranks // per_node
        inside = sorted({n for n in (2, 4, 8, 16, per_node) if 1 < n <= per_node})
        groups = [(list(range(n)), 1) for n in inside]
        if nodes > 1:
            groups += [(list(range(0, self.e.ranks, per_node)), nodes)] * (per_node > 1) + [(list(range(self.e.ranks)), nodes)]
        for ranks, over in groups:
            handle = dist.new_group(ranks)
            if self.world.rank in ranks:
                log(f"calibration: collectives of {len(ranks)} ranks on {over} node{'s' * (over > 1)}")
                for law in COLLECTIVES:
                    self.collective(law, handle, ranks, over)
                    yield
            self.world.barrier()

    def collective(self, law: str, handle: Any, ranks: Sequence[int], nodes: int) -> None:
        """One collective over sizes. What a backend cannot do fails on all ranks alike."""
        if law == "send_recv" and len(ranks) > 2:
            return
        n, at, biggest = len(ranks), ranks.index(self.world.rank), BIGGEST[self.device.type]
        for size in (1 << k for k in range(10, biggest.bit_length())):
            count = max(1, size // self.size // n) * n
            whole = torch.zeros(count, device=self.device, dtype=self.dtype)
            part = torch.zeros(count // n, device=self.device, dtype=self.dtype)
            call = COLLECTIVES[law](whole, part, torch.zeros_like(whole), handle, list(ranks), at)
            try:
                self.take(Measurement(law, [call], float(count * self.size), group=handle), n, nodes)
            except (RuntimeError, ValueError) as x:
                self.missing.append(f"{law} of {n} ranks: {one_line(str(x))}")
                return


def send_or_receive(whole: Any, ranks: Sequence[int], at: int, group: Any) -> Any:
    return dist.recv(whole, ranks[0], group=group) if at else dist.send(whole, ranks[1], group=group)


COLLECTIVES: dict[str, Callable[[Any, Any, Any, Any, list[int], int], Call]] = {
    "all_reduce": lambda whole, part, other, g, ranks, at: lambda: dist.all_reduce(whole, group=g),
    "all_gather": lambda whole, part, other, g, ranks, at: lambda: dist.all_gather_into_tensor(whole, part, group=g),
    "reduce_scatter": lambda whole, part, other, g, ranks, at: lambda: dist.reduce_scatter_tensor(part, whole, group=g),
    "all_to_all": lambda whole, part, other, g, ranks, at: lambda: dist.all_to_all_single(other, whole, group=g),
    "broadcast": lambda whole, part, other, g, ranks, at: lambda: dist.broadcast(whole, ranks[0], group=g),
    "send_recv": lambda whole, part, other, g, ranks, at: lambda: send_or_receive(whole, ranks, at, g),
}


def gemms(s: Shape, t: int) -> dict[str, tuple[int, int]]:
    """The matrices of a layer and of the head on one of t TP ranks: output and input features, by operator."""
    width = s.expert_width if s.experts else s.intermediate
    found = {"gate_up": (2 * width // t, s.hidden), "down": (s.hidden, width // t), "head": (s.vocab // t, s.hidden),
             "o": (s.hidden, s.heads * (s.v_dim or s.head_dim) // t)}
    if s.kv_rank:
        return {**found, "q": (s.heads * (s.nope_dim + s.rope_dim) // t, s.q_rank or s.hidden),
                "kv_down": (s.kv_rank + s.rope_dim, s.hidden), "kv_up": (s.heads * (s.nope_dim + s.v_dim) // t, s.kv_rank)}
    return {**found, "qkv": ((s.heads // t + 2 * max(1, s.kv_heads // t)) * s.head_dim, s.hidden)}


def attend(layer: Any, cache: tuple[Any, Any], q: Any, kv: Any, step: Step) -> Any:
    layer.keys, layer.values = cache
    return layer.attend(q, kv, kv, step)


def captured(row: Sequence[Call]) -> Call:
    """The calls as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        row[0]()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        for call in row:
            call()
    return graph.replay


def timed_on_gpu(replay: Call) -> float:
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    replay()
    end.record()
    end.synchronize()
    return float(begin.elapsed_time(end)) / 1000


def kernel_times(replay: Call, name: str) -> list[float]:
    """Seconds of each kernel of that name in a row of calls."""
    with profile(activities=[ProfilerActivity.CUDA]) as p:
        replay()
        torch.cuda.synchronize()
    return [e.time_range.elapsed_us() / 1e6 for e in p.events() if name in e.name.lower()]


def timed_here(row: Sequence[Call]) -> float:
    begin = time.perf_counter()
    for call in row:
        call()
    return (time.perf_counter() - begin) / len(row)
