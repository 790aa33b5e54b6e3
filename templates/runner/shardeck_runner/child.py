"""One child process: one replica of vLLM in one pass, or one rank of the reference engine."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import traceback
from pathlib import Path

from shardeck_runner import vllm_engine
from shardeck_runner.causes import classify, one_line
from shardeck_runner.contract import MEASURE, QUIET, TORCH, Exit, Failure, Stopped, log, stage
from shardeck_runner.experiment import Experiment
from shardeck_runner.file_messages import FAILED
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult, result_path
from shardeck_runner.signals import limit_exit_time, raise_when_stopped


def run_child(e: Experiment, kind: str, where: Rendezvous, out: Path) -> int:
    """Runs one pass and leaves its result; returns the exit code. `kind` is the pass."""
    result = ProcessResult(result_path(out, kind, where.number))
    result.save()
    raise_when_stopped()
    try:
        stage("environment") if kind == MEASURE else log("execution trace: a second engine, eager, random weights")
        run_engine(e, kind, where, out, result)
        result.code, result.cause = Exit.DONE, ""
    except Stopped as stop:
        result.code, result.cause = Exit.PARTIAL, f"stopped by {stop}"
    except Failure as f:
        result.code, result.cause = f.code, str(f)
    except Exception as x:
        text = f"{type(x).__name__}: {x}"
        result.code, result.cause = classify(text) or (Exit.FAILED, one_line(text))
        traceback.print_exc()
    exit_with(result, orderly=e.nsys)
    return result.code


def run_engine(e: Experiment, kind: str, where: Rendezvous, out: Path, result: ProcessResult) -> None:
    if e.engine != TORCH:
        vllm_engine.run_replica(e, kind, where, out, result)
        return
    if importlib.util.find_spec("torch") is None:
        raise Failure(Exit.SOFTWARE, "PyTorch is not installed in this environment: see runtime in shardeck.yaml")
    from shardeck_runner import torch_engine  # which imports torch

    torch_engine.run_rank(e, where, out, result)


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
