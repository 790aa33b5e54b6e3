"""One child process: one replica of vLLM in one pass, or one rank of the reference engine."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from shardeck_runner import serving, vllm_engine
from shardeck_runner.causes import classify, one_line
from shardeck_runner.contract import MEASURE, QUIET, TORCH, Exit, Failure, Stopped, log, stage
from shardeck_runner.experiment import Experiment
from shardeck_runner.file_messages import FAILED
from shardeck_runner.points import Point, announce, engine_size
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult, result_path
from shardeck_runner.signals import limit_exit_time, raise_when_stopped


def run_child(points: Sequence[Point], kind: str, where: Rendezvous, out: Path, turns: Iterable[Point]) -> int:
    """Runs one pass over the points and leaves their results, and one of its own in `out`, which is
    the same for a single point there; returns the exit code. `kind` is the pass, `turns` the points
    as they come."""
    own = ProcessResult(result_path(out, kind, where.number))
    own.save()
    raise_when_stopped()
    size = engine_size(points)
    try:
        stage("environment") if kind == MEASURE else log("execution trace: a second engine, eager, random weights")
        with open_engine(size, kind, where, out, own) as engine:
            serve(turns, len(points), kind, engine, own, alone=size.children == 1)
        own.code, own.cause = Exit.DONE, ""
    except (Exception, Stopped) as x:
        own.code, own.cause = ending(x)
    exit_with(own, orderly=size.nsys)
    return own.code


def ending(x: BaseException) -> tuple[int, str]:
    """The exit code and the cause of what ended a pass, or a point."""
    if isinstance(x, Stopped):
        return Exit.PARTIAL, f"stopped by {x}"
    if isinstance(x, Failure):
        return x.code, str(x)
    traceback.print_exception(x)
    text = f"{type(x).__name__}: {x}"
    return classify(text) or (Exit.FAILED, one_line(text))


def open_engine(e: Experiment, kind: str, where: Rendezvous, out: Path,
                result: ProcessResult) -> contextlib.AbstractContextManager[ServingEngine]:
    if e.load:
        return serving.open_server(e, where, out, result)
    if e.engine != TORCH:
        return vllm_engine.open_replica(e, kind, where, out, result)
    if importlib.util.find_spec("torch") is None:
        raise Failure(Exit.SOFTWARE, "PyTorch is not installed in this environment: see runtime in shardeck.yaml")
    from shardeck_runner import torch_engine  # which imports torch

    return torch_engine.open_rank(e, where, out, result)


class ServingEngine(Protocol):
    """An engine that serves one point after the other."""

    def serve(self, e: Experiment, out: Path, result: ProcessResult, kind: str) -> None:
        """One pass of one point."""

    def is_sound(self) -> bool:
        """Whether it can serve another point after one that failed."""


def serve(points: Iterable[Point], count: int, kind: str, engine: ServingEngine, own: ProcessResult, alone: bool) -> None:
    """Serves the points in turn. One that fails is that point's failure, and the next is tried where the
    engine still works; other processes would wait for one that fell, so with them it ends here."""
    for number, point in enumerate(points, 1):
        result = own.begin(result_path(point.out, kind, own.number))
        announce(point, number, count)
        try:
            engine.serve(point.e, point.out, result, kind)
            result.code, result.cause = Exit.DONE, ""
        except (Exception, Stopped) as x:
            if result is own:
                raise
            result.code, result.cause = ending(x)
            if isinstance(x, Stopped) or number == count or not (alone and engine.is_sound()):
                raise Failure(result.code, result.cause) from x
        finally:
            result.save()


def exit_with(result: ProcessResult, orderly: bool) -> None:
    """Saves the result and ends the process at once: an engine that hangs while it is taken apart
    must not hold the job, and the supervisor ends its workers. Under nsys a process must end in
    order, and gets a minute for it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    result.save()
    if result.code != Exit.DONE:
        if os.environ.get(QUIET):
            print(f"shardeck: {result.path.stem}: {result.cause}", flush=True)
        (result.path.parent / FAILED).touch()
    sys.stdout.flush()
    sys.stderr.flush()
    if not orderly:
        os._exit(result.code)
    limit_exit_time()
