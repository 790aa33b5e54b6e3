"""A replica of vLLM: its engine, driven step by step, and its traces."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shardeck_runner import passes
from shardeck_runner.causes import one_line
from shardeck_runner.contract import MEASURE, PATIENCE, RAW_TRACES, RESULTS, Exit, Failure, stage
from shardeck_runner.energy import metered
from shardeck_runner.experiment import Experiment
from shardeck_runner.experts import count_experts
from shardeck_runner.file_messages import FileBarrier
from shardeck_runner.models import local_model
from shardeck_runner.prompts import HIGHEST_TOKEN, make_prompts
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import Iteration, ProcessResult
from shardeck_runner.signals import raise_when_stopped
from shardeck_runner.traces import (
    LIGHT,
    PREFILL_CHUNK,
    STEP_LAYERS,
    TracePlan,
    collect_captured,
    collect_traces,
    is_whole_json,
    move_compressed,
    plan_trace,
    wait_for_traces,
)
from shardeck_runner.vllm_arguments import EXPERTS, build_setup, find_abilities, package_version
from shardeck_runner.vllm_batch import can_pause_scheduler, run_iteration, scheduler_paused

REPLICAS_MEET = 32  # steps after which vLLM's replicas of one world ask whether all are done
ONE_BY_ONE = ("requests reach the scheduler one at a time here: a batch is prefilled in one step or in several, "
              "and the time to the first token varies with it")


@contextlib.contextmanager
def open_replica(e: Experiment, kind: str, where: Rendezvous, out: Path, result: ProcessResult) -> Iterator[VllmEngine]:
    """One replica, ready to serve. `out` is where its processes meet."""
    engine = VllmEngine(e, where, out, result)
    engine.start(kind)
    yield engine


class VllmEngine:
    """The engine of one replica, and what is found out about it. An engine as passes.py sees it."""

    llm: Any

    def __init__(self, e: Experiment, where: Rendezvous, out: Path, result: ProcessResult) -> None:
        self.e, self.where, self.out, self.result = e, where, out, result
        self.able = find_abilities()
        self.barrier = FileBarrier(out / RESULTS, where.number, e.dp)
        self.iterations = 0  # of any kind: each gets prompts of its own
        self.first_rank = where.number * e.replica_ranks
        self.raw = out / RAW_TRACES / str(where.number)

    # Start

    def start(self, kind: str) -> None:
        """Builds the engine and makes sure that it is what the experiment asks for."""
        e, result = self.e, self.result
        model = local_model(e, self.out)
        moe = e.dp > 1 and is_moe(e, model)
        self.raw.mkdir(parents=True, exist_ok=True)
        setup = build_setup(e, self.able, self.where, kind, str(self.raw.resolve()), moe, model)
        os.environ.update(setup.environment)
        result.missing += setup.missing
        result.arguments = {**setup.arguments, "env": setup.environment}
        result.versions = {n: v for n in ("vllm", "torch", "transformers") if (v := package_version(n))}
        result.versions["python"] = platform.python_version()
        if kind == MEASURE:
            stage("weights")
        from vllm import LLM

        try:
            self.llm = LLM(**setup.arguments)
        except ValueError as x:  # this release, or this model, does not tell which experts a token took
            if not setup.arguments.pop(EXPERTS, False):
                raise
            result.notes.append(f"experts: {one_line(str(x))}")
            setup.arguments.update(load_format="dummy", enable_prefix_caching=False)
            result.arguments = {**setup.arguments, "env": setup.environment}
            self.llm = LLM(**setup.arguments)
        raise_when_stopped()  # the engine may have set handlers of its own
        self.describe()
        if kind == MEASURE:
            check_layout(e, result.ranks, moe)

    def describe(self) -> None:
        """Asks every worker where it is and what it is part of."""
        result, count = self.result, self.e.replica_ranks
        if not self.can_call_workers:
            result.notes.append("layout, memory and hosts are as asked for: "
                                "this vLLM has no worker_extension_cls to read them back")
            result.ranks = [{"rank": r} for r in range(count)]
            return
        ranks = sorted(self.llm.collective_rpc("shardeck_describe"), key=lambda r: r["rank"])
        if len(ranks) != count:
            raise Failure(Exit.WORKER, f"{len(ranks)} workers answer where TP x PP = {count}")
        for i, r in enumerate(ranks):
            r["rank"] = i  # inside the replica, however this version counts
        result.ranks = ranks
        for name in ("nccl", "cuda"):
            if ranks[0].get(name):
                result.versions[name] = ranks[0][name]

    @property
    def can_call_workers(self) -> bool:
        return self.able.has("worker_extension_cls")

    def reset_peak_memory(self) -> None:
        if self.can_call_workers:
            self.llm.collective_rpc("shardeck_reset_peak")

    # Points

    def serve(self, e: Experiment, out: Path, result: ProcessResult, kind: str) -> None:
        """One pass of one point. Raises what went wrong; what was measured is in `result`."""
        self.e, self.out, self.result = e, out, result
        if kind != MEASURE:
            if e.execution_trace:
                self.trace_execution()
                if self.result.arguments.get(EXPERTS):
                    count_experts(self, self.result.arguments.get("load_format") == "dummy")
            return
        passes.measure(e, self, result)
        if not self.batches_whole:
            result.notes.append(ONE_BY_ONE)
        with passes.timing_survives(result):
            passes.trace(e, self, result)
            passes.trace_lightly(e, self, result)

    def is_sound(self) -> bool:
        """Whether a tiny batch still comes through; requests of a batch that failed would be in its way."""
        try:
            if self.llm.llm_engine.has_unfinished_requests():
                return False
            self.run_batch(1, "probe", requests=1, length=min(16, self.e.seq_len))
        except Exception:
            return False
        self.clear_traces()  # of the point that failed
        return True

    # Batches

    def run_batch(self, tokens: int, name: str, requests: int = 0, length: int = 0, ended: list[Any] | None = None) -> Iteration:
        """Runs one iteration with prompts that no other has. `ended` collects what the engine says of each request."""
        from vllm import SamplingParams

        e, number = self.e, self.where.number
        prompts = make_prompts(number, self.iterations, requests or e.requests(number), length or e.seq_len, self.vocabulary)
        self.iterations += 1
        params = SamplingParams(temperature=0.0, max_tokens=tokens, min_tokens=tokens, ignore_eos=True, detokenize=False)
        together = functools.partial(scheduler_paused, self.llm) if self.batches_whole else contextlib.nullcontext
        timed = name == "timing" and self.can_call_workers
        with metered(self.read_energy, self.result.energy) if timed else contextlib.nullcontext():
            self.barrier.wait(f"{name}-{self.iterations}")
            return run_iteration(self.llm.llm_engine, prompts, params, f"{name}-{self.iterations}", together=together,
                                 ended=ended)

    def read_energy(self) -> list[dict[str, Any]]:
        """The energy counters of all ranks of the replica; a call into every worker."""
        told = self.llm.collective_rpc("shardeck_energy")
        return [r["reading"] for r in sorted(told, key=lambda r: int(r["rank"]))]

    @property
    def batches_whole(self) -> bool:
        """Whether the scheduler gets a batch as a whole. Replicas of one world pause only all together, by votes."""
        return os.environ.get("VLLM_DP_SIZE", "1") == "1" and can_pause_scheduler(self.llm)

    @property
    def vocabulary(self) -> int:
        size = getattr(getattr(self.llm.llm_engine, "model_config", None), "get_vocab_size", lambda: HIGHEST_TOKEN)
        return int(size())

    @property
    def layers(self) -> int:
        config = getattr(getattr(self.llm.llm_engine, "model_config", None), "hf_config", None)
        return int(getattr(config, "num_hidden_layers", 0) or STEP_LAYERS)

    # Traces

    def plan_trace(self) -> TracePlan:
        engine = self.result.ranks[0].get("engine", {})
        one_world = (engine.get("data_parallel_size") or 1) > 1  # replicas of a dense model know nothing of each other
        return plan_trace(self.e, self.layers, engine.get("max_num_batched_tokens") or PREFILL_CHUNK,
                          REPLICAS_MEET if one_world else 1)

    @contextlib.contextmanager
    def profiled(self) -> Iterator[None]:
        """Profiles what runs inside, in every worker, and collects the traces."""
        if not self.e.nsys:
            self.leave_stacks_out()
            self.rehearse()
        self.profiler(True)
        yield
        stage("writing traces")
        self.profiler(False)
        if not self.e.nsys:
            self.result.missing += collect_traces(self.raw, self.out, self.first_rank, self.e.replica_ranks)
            self.result.captured = collect_captured(self.raw, self.out)

    def profiled_lightly(self) -> contextlib.AbstractContextManager[None] | None:
        told = "torch_profiler_activities" in self.able.profiler and self.can_call_workers
        return self.only_gpu() if told else None

    @contextlib.contextmanager
    def only_gpu(self) -> Iterator[None]:
        """Profiles the GPU's activity alone, in every worker, into LIGHT. The profiler is then as it was."""
        self.llm.collective_rpc("shardeck_profile_only", args=(["CUDA"],))
        try:
            self.profiler(True)
            yield
            self.profiler(False)
            self.result.notes += collect_traces(self.raw, self.out / LIGHT, self.first_rank, self.e.replica_ranks)
        finally:
            self.llm.collective_rpc("shardeck_profile_only", args=(None,))

    def profiler(self, on: bool) -> None:
        """Starts or stops the workers' profiler, by vLLM's own call where it has one for the purpose."""
        if self.e.nsys and not self.able.profiler:
            if self.can_call_workers:
                self.llm.collective_rpc("shardeck_cuda_profiler", args=(on,))
            return
        self.llm.start_profile() if on else self.llm.stop_profile()

    def leave_stacks_out(self) -> None:
        """Python stacks make traces ten times as big; up to 0.9 vLLM asks for them always, and then
        PyTorch fails when the profiler is used a second time."""
        told = self.able.profiler or self.able.reads("VLLM_TORCH_PROFILER_WITH_STACK")
        if not told and self.can_call_workers:
            self.llm.collective_rpc("shardeck_leave_stacks_out")

    def rehearse(self) -> None:
        """Starts and stops the profiler once around a tiny batch: the first window of a process
        loses kernels while CUPTI wakes up. Its files are thrown away."""
        self.profiler(True)
        self.run_batch(2, "rehearsal", requests=1, length=min(16, self.e.seq_len))
        self.profiler(False)
        wait_for_traces(self.raw, self.e.replica_ranks, patience=10.0 * PATIENCE)
        self.clear_traces()

    def clear_traces(self) -> None:
        for left in self.raw.iterdir():
            if left.is_file():
                left.unlink()

    def trace_execution(self) -> None:
        """Torch's execution trace of one short eager iteration, one file a rank."""
        missing, notes = self.result.missing, self.result.notes
        if not self.can_call_workers:
            missing.append("execution trace: this vLLM has no worker_extension_cls to start an observer in its workers")
            return
        self.run_batch(1, "et-warm-up")
        self.llm.collective_rpc("shardeck_et_start", args=(str(self.raw.resolve()),))
        done = self.run_batch(min(3, self.e.max_tokens), "et")
        self.llm.collective_rpc("shardeck_et_stop")
        weights = "random" if self.result.arguments.get("load_format") == "dummy" else "its own"
        notes.append(f"execution trace: eager, {weights} weights, {done.output_tokens[0]} output tokens of one iteration")
        for rank in range(self.e.replica_ranks):
            target = self.out / f"torch_et_{self.first_rank + rank}.json.gz"
            written = [p for r in (rank, self.first_rank + rank) if (p := self.raw / f"et_{r}.json").exists()]
            if not written or not is_whole_json(written[0]):
                missing.append(f"{target.name}: the worker wrote {'half of one' if written else 'none'}")
                continue
            move_compressed(written[0], target)


def check_layout(e: Experiment, ranks: Sequence[Mapping[str, Any]], moe: bool) -> None:
    """Compares what the workers say with what was asked: a layout must not be in name only."""
    want = {"tensor_parallel_size": e.tp, "pipeline_parallel_size": e.pp, "enable_expert_parallel": e.ep > 1}
    if moe:
        want["data_parallel_size"] = e.dp
    for r in ranks:
        for name, value in want.items():
            got = r.get("engine", {}).get(name, value)
            if got != value:
                raise Failure(Exit.SOFTWARE, f"the engine runs with {name} = {got}, not {value}: this vLLM cannot do the layout")


def is_moe(e: Experiment, model: str) -> bool:
    """Whether the model has experts, by its own config."""
    if e.ep > 1:
        return True
    try:
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(model, trust_remote_code=bool(e.vllm.get("trust_remote_code")))
    except Exception as x:
        raise Failure(Exit.MODEL, f"the config of {e.model} cannot be read: {one_line(str(x))}") from x
    return any(getattr(config, n, 0) for n in ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"))
