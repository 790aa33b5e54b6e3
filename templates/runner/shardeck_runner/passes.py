"""The measuring pass of one process: warm-up, timed iterations, traced iterations."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Protocol

from shardeck_runner.causes import one_line
from shardeck_runner.contract import iteration_done, log, stage
from shardeck_runner.experiment import Experiment
from shardeck_runner.results import Iteration, ProcessResult, slower
from shardeck_runner.traces import LIGHT, TracePlan, log_plan


class Engine(Protocol):
    """An engine as the passes see it."""

    def run_batch(self, tokens: int, name: str) -> Iteration:
        """Runs one iteration of `tokens` output tokens, with prompts that no other iteration has."""

    def reset_peak_memory(self) -> None: ...

    def describe(self) -> None:
        """Writes into the result what every rank says of itself."""

    def plan_trace(self) -> TracePlan: ...

    def profiled(self) -> contextlib.AbstractContextManager[None]:
        """Profiles what runs inside, and collects the traces."""

    def profiled_lightly(self) -> contextlib.AbstractContextManager[None] | None:
        """The same with the GPU's activity alone, into LIGHT; None where this engine has no such profiler."""


def measure(e: Experiment, engine: Engine, result: ProcessResult) -> None:
    """Warm-up, then the timed pass, of which nothing is lost at an early end."""
    if e.warmup:
        stage("warm-up")
    for i in range(e.warmup):
        engine.run_batch(e.max_tokens, "warm-up")
        iteration_done(i + 1, e.warmup, "warm-up")
    engine.reset_peak_memory()
    stage("timing")
    for i in range(e.iterations):
        result.timed.append(engine.run_batch(e.max_tokens, "timing"))
        result.save()
        iteration_done(i + 1, e.iterations, "timing")
    engine.describe()
    short = sum(n != e.max_tokens for i in result.timed for n in i.output_tokens)
    if short:
        result.notes.append(f"{short} requests gave another number of tokens than max_tokens; the counts are as recorded")


def trace(e: Experiment, engine: Engine, result: ProcessResult) -> None:
    """The traced pass: the same workload, bounded, under the profiler. Where it fails, no iteration
    of it counts."""
    if not (e.kineto or e.nsys):
        result.missing.append("traces: profiling.kineto is off")
    if result.missing:
        return  # the reason for no traces is there
    plan = result.plan = engine.plan_trace()
    stage("profiling")
    log_plan(plan, e)
    try:
        with engine.profiled():
            for i in range(plan.iterations):
                result.traced.append(engine.run_batch(plan.tokens, "profiling"))
                iteration_done(i + 1, plan.iterations, "profiling")
    except Exception:
        result.traced.clear()
        raise
    if e.nsys:
        result.notes.append("traced by nsys: its report is written by the job script")


LIGHT_TOKENS = 32  # output tokens of the light pass at most


def trace_lightly(e: Experiment, engine: Engine, result: ProcessResult) -> None:
    """A second traced pass without events of the host, which make the first 1.5 to 4 times slower: kernels last as long as in
    the untraced one. It is short, and what it costs is said; where it fails, nothing else does."""
    plan, profiled = result.plan, engine.profiled_lightly() if e.kineto and not e.nsys and not result.missing else None
    if plan is None or profiled is None:
        return
    begin, tokens = time.monotonic(), min(plan.tokens, LIGHT_TOKENS)
    try:
        with profiled:
            done = engine.run_batch(tokens, "light trace")
    except Exception as x:
        result.notes.append(f"light traced pass: {one_line(f'{type(x).__name__}: {x}')}")
        return
    result.light = {"folder": LIGHT, "iterations": 1, "tokens": tokens, "seconds": round(time.monotonic() - begin, 3)}
    if times := slower([done], result.timed):
        result.light["slowdown"] = round(times, 3)
    log(f"light traced pass: {tokens} output tokens, GPU activity alone, {result.light['seconds']:.1f} s with writing")


@contextlib.contextmanager
def timing_survives(result: ProcessResult) -> Iterator[None]:
    """Around the traces: the numbers are there, and a profiler that fails must not take them along."""
    try:
        yield
    except Exception as x:
        result.missing.append(f"traced pass: {one_line(f'{type(x).__name__}: {x}')}")
