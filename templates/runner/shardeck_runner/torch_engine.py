"""The reference engine: a small transformer over real GPUs, with nothing but PyTorch.

It keeps the contract of contract.py for `engine: torch`, and answers one question: is a surprising
number vLLM's, or the machine's? So it does the plain thing everywhere and says here what that is:

  processes    one a rank; rank = (dp * PP + pp) * TP + tp, as vLLM counts them. NCCL, or gloo on
               a CPU with SHARDECK_DEVICE=cpu (for tests; never chosen by itself).
  weights      random, but a function of their name alone: every layout of a model computes the
               same tokens, up to rounding. Nothing is downloaded.
  TP           attention heads and feed-forward columns are split; each layer has two all-reduces.
               Embedding and output head are whole on every rank, so a step of L layers has 2L
               all-reduces, and the token of the first TP rank is broadcast: one broadcast a step.
               (vLLM splits the vocabulary: 2L+1 all-reduces and an all-gather of logits.)
  PP           layers in equal stages; one batch in flight: a stage waits for the others, so the
               bubble is (PP-1)/PP by construction. send/recv of hidden states, and the same
               broadcast, from the last stage.
  EP           experts are spread over TP x DP ranks; each layer has three all-to-alls (counts,
               tokens there, tokens back), which NCCL runs as SendRecv. Without EP the experts
               of a replica are split over its TP ranks like any feed-forward layer.
  DP           replicas of a dense model, or without EP, never talk.
  prefill      one step for the whole batch, eager. Every request gets its first token then.
  decode       one CUDA graph a step for dense models; eager for mixtures of experts, whose
               shapes depend on the routing, for latent attention, and on a CPU.
  attention    PyTorch's scaled_dot_product_attention: cuDNN, else flash, else what there is.
               Multi-head latent attention keeps the latent cache and, in decode, works in it.

Times: TTFT ends when the GPU has the first token, TPOT is (end - first token) / (tokens - 1);
within the decode phase the host does not wait for the GPU, step by step. All ranks begin an
iteration together, at a barrier of the rendezvous store that leaves no mark in a trace.
The traced pass marks each step `prefill` or `decode`. The execution trace is a pass of its own:
eager, two tokens.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.profiler import ExecutionTraceObserver, ProfilerActivity, profile

from shardeck_runner import passes, torch_calibration
from shardeck_runner.contract import RESULTS, stage
from shardeck_runner.energy import Reading, device_name, metered, read_energy
from shardeck_runner.experiment import Experiment
from shardeck_runner.experts import EXPERT_TOKENS, expert_file, step
from shardeck_runner.files import write_json
from shardeck_runner.models import check_shape, shape_of
from shardeck_runner.prompts import make_prompts
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import Iteration, ProcessResult
from shardeck_runner.signals import limit_exit_time
from shardeck_runner.torch_layers import Experts
from shardeck_runner.torch_model import Model
from shardeck_runner.torch_world import World, description, versions
from shardeck_runner.traces import LIGHT, TracePlan, is_whole_json, move_compressed, plan_trace

EAGER_STEP = 10  # a traced eager MoE layer writes about as much as this many layers of a graph, measured


@contextlib.contextmanager
def open_rank(e: Experiment, where: Rendezvous, out: Path, result: ProcessResult) -> Iterator[Ranks]:
    """One rank, with all others, ready to serve."""
    os.environ.update(e.env)
    if not e.calibrate:
        check_shape(e, shape_of(e))
    ranks = Ranks(World(e, where.number, where, out / RESULTS / "rendezvous"))
    with torch.inference_mode(), best_attention():
        yield ranks
    result.save()
    ranks.world.leave_store()
    if e.nsys:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        limit_exit_time()
        ranks.engine = None  # the collectives of its graph hold the communicator, which would wait for them for ever
        dist.destroy_process_group()  # nsys wants an orderly end


class Ranks:
    """A rank of the world that serves points, each with a model of its own: weights here cost less than a start."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.engine: Engine | None = None  # of the last point

    def serve(self, e: Experiment, out: Path, result: ProcessResult, kind: str) -> None:
        """Everything one rank does for one point. Raises what went wrong; what was measured is in `result`."""
        self.engine = None
        if self.world.device.type == "cuda":
            torch.cuda.empty_cache()  # what the point before held
        if e.calibrate:
            torch_calibration.calibrate(e, self.world, out, result)
            return
        rank = Rank(e, self.world, out, result)
        self.engine = rank.engine
        passes.measure(e, rank, result)
        with passes.timing_survives(result):
            passes.trace(e, rank, result)
            passes.trace_lightly(e, rank, result)
            rank.count_experts()
            rank.trace_execution()

    def is_sound(self) -> bool:
        return self.world.size == 1


class Rank:
    """One rank of a run: an engine as passes.py sees it."""

    def __init__(self, e: Experiment, world: World, out: Path, result: ProcessResult) -> None:
        self.e, self.world, self.out, self.result = e, world, out, result
        self.cuda = world.device.type == "cuda"
        self.iterations = 0  # each gets prompts of its own
        stage("weights")
        self.engine = Engine(e, world)
        result.arguments = {"model": e.model, "layers": self.engine.shape.layers, "weights": "random",
                            "tp": e.tp, "pp": e.pp, "dp": e.dp, "ep": e.ep}
        self.describe()
        if self.engine.graphs and e.max_tokens > 1:
            stage("compile")
            self.engine.capture()

    def run_batch(self, tokens: int, name: str = "", eager: bool = False) -> Iteration:
        """One iteration, with prompts that no other has; TP and PP ranks have the same."""
        engine = self.engine
        prompts = make_prompts(self.world.dp, self.iterations, engine.batch, self.e.seq_len, engine.shape.vocab)
        self.iterations += 1
        with metered(self.read_energy, self.result.energy) if name == "timing" else contextlib.nullcontext():
            return engine.generate(prompts, tokens, eager)

    def read_energy(self) -> list[dict[str, Any]]:
        self.world.wait_for_device()
        if not self.cuda:
            return [asdict(Reading(time.time(), reason="there is no GPU"))]
        return [asdict(read_energy(device_name(self.world.device.index, torch.cuda.get_device_properties(self.world.device))))]

    def reset_peak_memory(self) -> None:
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()

    def describe(self) -> None:
        world, engine = self.world, self.engine
        self.result.versions = versions(world)
        self.result.ranks = [{**description(world), "engine": {
            "backend": world.backend, "cuda_graphs": engine.graphs, "precision": self.e.precision,
            "tensor_ranks": list(world.tensor.ranks), "expert_ranks": list(world.expert.ranks),
            "stage": world.pp, "layers_here": len(engine.model.layers)}}]

    def plan_trace(self) -> TracePlan:
        layers = self.engine.shape.layers * (1 if self.engine.graphs else EAGER_STEP)
        return plan_trace(self.e, layers, self.e.requests(0) * self.e.seq_len)

    def profiled(self) -> contextlib.AbstractContextManager[None]:
        kinds = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if self.cuda else [])
        return self.nsys_range() if self.e.nsys else self.kineto(kinds, self.out)

    @contextlib.contextmanager
    def nsys_range(self) -> Iterator[None]:
        """Opens and closes the range that nsys captures."""
        torch.cuda.profiler.start()
        yield
        torch.cuda.profiler.stop()

    def profiled_lightly(self) -> contextlib.AbstractContextManager[None] | None:
        return self.kineto([ProfilerActivity.CUDA], self.out / LIGHT) if self.cuda else None

    @contextlib.contextmanager
    def kineto(self, kinds: Sequence[Any], out: Path) -> Iterator[None]:
        """Profiles what is inside. Once around nothing much before, since the first window of a
        process loses kernels while CUPTI wakes up; all ranks have their profiler on before any goes on."""
        with profile(activities=kinds):
            torch.ones(1, device=self.world.device).add_(1)
            self.world.wait_for_device()
        p = profile(activities=kinds)
        p.start()
        yield
        self.world.wait_for_device()
        self.world.barrier()  # or the first to stop would slow the others' last steps
        p.stop()
        stage("writing traces")
        out.mkdir(exist_ok=True)
        raw = out / f".kineto_{self.world.rank}.json"
        p.export_chrome_trace(str(raw))
        move_compressed(raw, out / f"kineto_trace_{self.world.rank}.json.gz")

    def count_experts(self) -> None:
        """A short pass of its own that counts which experts each token took. Ranks that route the same tokens leave that to
        the first of them."""
        layers = {i: layer.mixture for i, layer in enumerate(self.engine.model.layers, self.engine.model.at)
                  if isinstance(layer.mixture, Experts)}
        if not layers or not self.e.kineto or self.e.nsys:
            return
        for m in layers.values():
            m.seen = []
        tokens = min(EXPERT_TOKENS, self.e.max_tokens)
        self.run_batch(tokens, "experts")
        if self.world.tp == 0 or self.e.ep > 1:
            seen = [m.seen or [] for m in layers.values()]
            steps = [step("decode" if n else "prefill", int(seen[0][n].sum()) // self.engine.shape.top_k,
                          [counts[n].tolist() for counts in seen]) for n in range(tokens)]
            ranks, here = self.world.expert.ranks, len(next(iter(layers.values())).mine)
            owner = [ranks[x // here] for x in range(self.engine.shape.experts)] if self.e.ep > 1 else []
            write_json(self.out / f"experts_{self.world.rank}.json",
                       expert_file(self.e, self.engine.shape, steps, list(layers), owner, random=True))
        for m in layers.values():
            m.seen = None

    def trace_execution(self) -> None:
        """PyTorch's execution trace of a short eager iteration: CUDA graphs would hide the operators."""
        if not self.e.execution_trace or self.e.nsys:
            return  # the supervisor says so
        raw, target = self.out / f".et_{self.world.rank}.json", self.out / f"torch_et_{self.world.rank}.json.gz"
        tokens = min(2, self.e.max_tokens)
        observer = ExecutionTraceObserver()
        observer.register_callback(str(raw))
        observer.start()
        self.run_batch(tokens, eager=True)
        observer.stop()
        observer.unregister_callback()
        if not is_whole_json(raw):
            self.result.missing.append(f"{target.name}: PyTorch wrote half of one")
        move_compressed(raw, target)
        self.result.notes.append(f"execution trace: eager, {tokens} output tokens of one iteration")


def best_attention() -> contextlib.AbstractContextManager[Any]:
    """Attention kernels in order of preference, where this PyTorch lets us say so."""
    names = ("CUDNN_ATTENTION", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "MATH")
    order = [getattr(SDPBackend, n) for n in names if hasattr(SDPBackend, n)]
    try:
        return sdpa_kernel(order, set_priority=True)
    except TypeError:  # PyTorch before 2.6
        return sdpa_kernel(order)


class Engine:
    """A model that generates, and takes the time."""

    token: Any  # what the graph reads and writes: the last token of each request
    position: Any  # and where it goes in the cache

    def __init__(self, e: Experiment, world: World) -> None:
        self.e, self.world, self.shape = e, world, shape_of(e)
        self.batch = e.requests(world.dp)
        self.model = Model(self.shape, e, world, self.batch, e.seq_len + e.max_tokens)
        self.graph: Any = None

    @property
    def graphs(self) -> bool:
        """Whether decode runs as a CUDA graph: its shapes must not depend on what is computed."""
        return self.world.device.type == "cuda" and not self.shape.experts and not self.shape.kv_rank

    def capture(self) -> None:
        """Records one decode step, after two on the side: NCCL connects and cuBLAS chooses before."""
        self.token = torch.zeros(self.batch, 1, dtype=torch.long, device=self.world.device)
        self.position = torch.full((1,), self.e.seq_len, dtype=torch.long, device=self.world.device)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self.model.fixed(self.token, self.position)
        torch.cuda.current_stream().wait_stream(side)
        self.world.wait_for_device()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self.token.copy_(self.model.fixed(self.token, self.position).unsqueeze(1))
        self.graph = graph

    def decode(self, token: Any, at: int, eager: bool) -> Any:
        """The token after `token`, which is number `at` of its request."""
        if eager or self.graph is None:
            return self.model.eager(token.unsqueeze(1), at)
        if token.data_ptr() != self.token.data_ptr():
            self.token.copy_(token.unsqueeze(1))
        self.position.fill_(at)
        self.graph.replay()
        return self.token.squeeze(1)

    def mark(self, step: str) -> contextlib.AbstractContextManager[Any]:
        """Names a step in the trace: for nsys by an NVTX range, which is all that it can see."""
        if self.e.nsys and self.world.device.type == "cuda":
            return torch.cuda.nvtx.range(step)
        return torch.profiler.record_function(step)

    def generate(self, prompts: Sequence[Sequence[int]], tokens: int, eager: bool = False,
                 token_log: list[Any] | None = None, clock: Callable[[], float] = time.perf_counter) -> Iteration:
        """Runs one batch to its last token. `token_log` collects the tokens of each step."""
        ids = torch.tensor(prompts, dtype=torch.long)
        length = ids.shape[1]
        self.world.wait_for_device()
        self.world.barrier()
        begin = clock()
        with self.mark("prefill"):
            token = self.model.eager(ids.to(self.world.device), 0)
        self.world.wait_for_device()
        first = clock()
        for n in range(tokens - 1):
            if token_log is not None:
                token_log.append(token.clone())
            with self.mark("decode"):
                token = self.decode(token, length + n, eager)
        self.world.wait_for_device()
        end = clock()
        if token_log is not None:
            token_log.append(token.clone())
        count = len(prompts)
        tpot = (end - first) / (tokens - 1) if tokens > 1 else None
        return Iteration(end - begin, [first - begin] * count, [tpot] * count, [length] * count, [tokens] * count)
