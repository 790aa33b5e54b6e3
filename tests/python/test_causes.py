"""Causes of failures, and whose counts."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from experiments import experiment
from shardeck_runner.causes import LogReader, classify
from shardeck_runner.contract import MEASURE, UNFINISHED, Exit
from shardeck_runner.outcome import outcome
from shardeck_runner.points import Point
from shardeck_runner.processes import ChildProcess
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult, result_path
from shardeck_runner.supervisor import Supervisor

RUNNER = Path(__file__).resolve().parents[2] / "templates" / "runner"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 96 MiB", Exit.MEMORY),
        ("ValueError: No available memory for the cache blocks. Try increasing", Exit.MEMORY),
        ("OSError: You are trying to access a gated repo.", Exit.MODEL),
        ("RuntimeError: No CUDA GPUs are available", Exit.GPUS),
        ("AssertionError: DP adjusted local rank 2 is out of bounds for 2 devices.", Exit.GPUS),
        ("RuntimeError: NCCL error: unhandled cuda error", Exit.COMM),
        ("ImportError: undefined symbol: _ZN3c10", Exit.SOFTWARE),
        ("RuntimeError: Engine core initialization failed. See root cause above.", Exit.WORKER),
    ],
)
def test_lines_that_tell_a_cause(line, code):
    assert classify(line)[0] == code


def test_a_harmless_line_tells_none():
    assert classify("INFO 01-01 12:00:00 Loading weights took 3.2 seconds") is None
    assert classify("n1:37:37 [0] NCCL INFO dlvsym failed on mlx5dv_x - libmlx5.so: undefined symbol: mlx5dv_x") is None


def test_the_root_cause_beats_the_consequence():
    w = LogReader(lambda: None)
    w.read(b"RuntimeError: Engine core initialization failed. See root cause above.\n")
    w.read(b"torch.OutOfMemoryError: CUDA out")
    w.read(b" of memory.\rEngineDeadError\n")
    assert w.found[0] == Exit.MEMORY


def test_compiling_is_announced_once_and_only_while_loading():
    announced = []
    w = LogReader(lambda: announced.append(1))
    w.read(b"Capturing CUDA graphs: 1\nshardeck: stage weights\nCapturing CUDA graphs: 1\nCapturing CUDA graphs: 2\n")
    assert announced == [1]


def test_a_dead_rank_names_what_it_died_of():
    w = LogReader(lambda: None)
    w.read(b"(EngineCore pid=598) ERROR 11-25 02:11:02 [core.py:1231] AssertionError: Not enough allowed NUMA nodes\n"
           b"RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}\n")
    assert w.cause() == (Exit.WORKER, "a rank died of AssertionError: Not enough allowed NUMA nodes")


def test_a_missing_package_is_no_dead_rank():
    w = LogReader(lambda: None)
    w.read(b"(Worker_TP1 pid=3243) ERROR [multiproc_executor.py:898] ModuleNotFoundError: No module named 'flashinfer'\n"
           b"RuntimeError: Engine core initialization failed. See root cause above.\n")
    code, text = w.cause()
    assert code == Exit.SOFTWARE
    assert "No module named 'flashinfer'" in text


GLOO = "RuntimeError: [gloo/transport/tcp/pair.cc:545] Read error [127.0.0.1]:5: Connection reset by peer"


def point(folder, e):
    return Point(e, folder / "c", folder)


def ended(folder, rank, code, cause, returncode, by_us=False):
    """A process that has ended, with the part that it left."""
    part = ProcessResult(result_path(folder, MEASURE, rank), code=code, cause=cause)
    part.path.parent.mkdir(exist_ok=True)
    part.save()
    return ChildProcess(SimpleNamespace(returncode=returncode), rank, LogReader(lambda: None), None, by_us)


@pytest.mark.parametrize(
    ("children", "code", "says"),
    [
        # a neighbour sees the lost connection before anybody sees the process that is gone
        ([(0, 1, GLOO, 1), (1, 1, UNFINISHED, -9)], Exit.WORKER, "rank 1 was ended by signal 9"),
        ([(0, Exit.COMM, "ranks could not", 8), (1, Exit.MEMORY, "out of GPU memory", 7)],
         Exit.MEMORY, "out of GPU memory"),
        ([(0, Exit.COMM, "ranks could not", 8), (1, 1, "ValueError: x", 1)], Exit.FAILED, "ValueError"),
        ([(1, Exit.COMM, "ranks could not", 8)], Exit.COMM, "ranks could not"),
        ([(1, 1, "ValueError: x", 1), (0, 1, UNFINISHED, -9, True)], Exit.FAILED, "ValueError"),  # we ended it
    ],
)
def test_the_cause_is_of_the_process_that_tells_most(tmp_path, children, code, says):
    s = Supervisor([point(tmp_path, dataclasses.replace(experiment(), engine="torch"))], tmp_path, Rendezvous())
    s.determine_cause(MEASURE, [ended(tmp_path, *c) for c in children])
    assert s.failed is not None
    assert (s.failed[0], says in s.failed[1]) == (code, True), s.failed


@pytest.mark.parametrize(
    ("failed", "part", "code"),
    [
        ("rank 1 was ended by signal 9", (Exit.COMM, "ranks could not communicate"), Exit.WORKER),
        ("rank 1 was ended by signal 9", (Exit.MEMORY, "out of GPU memory"), Exit.MEMORY),
        ("a rank died: the log above says why", (Exit.COMM, "ranks could not communicate"), Exit.COMM),
    ],
)
def test_the_outcome_is_what_tells_most_of_the_blame_and_the_parts(tmp_path, failed, part, code):
    p = point(tmp_path, experiment())
    p.failed = (Exit.WORKER, failed)
    assert outcome(p, [ProcessResult(tmp_path / "p", code=part[0], cause=part[1])], [], "")[0] == code


@pytest.mark.parametrize(("profiling", "code"), [
    ({"profiling__nsys": True}, Exit.TRACES),
    ({"profiling__kineto": True}, Exit.TRACES),
    ({"profiling__kineto": False}, Exit.DONE),  # where the reason is that nobody asked
])
def test_a_traced_pass_that_failed_is_no_complete_run(tmp_path, profiling, code):
    p = point(tmp_path, experiment(**profiling))
    assert outcome(p, [ProcessResult(tmp_path / "p", code=Exit.DONE)], ["traced pass: RuntimeError: no"], "")[0] == code


def test_a_process_that_hangs_as_it_leaves_is_ended():
    hangs = f"import sys; sys.path.insert(0, {str(RUNNER)!r}); import threading; from shardeck_runner import signals; " \
            "signals.EXIT_TIMEOUT = 1; signals.limit_exit_time(); threading.Event().wait(60)"
    assert subprocess.run([sys.executable, "-c", hangs], timeout=30, check=False).returncode == -signal.SIGALRM


def test_a_process_that_fell_while_it_left_is_not_to_blame(tmp_path):
    s = Supervisor([point(tmp_path, experiment())], tmp_path, Rendezvous())
    s.determine_cause(MEASURE, [ended(tmp_path, 0, Exit.DONE, "", -11)])
    assert s.failed is None


def test_a_lost_connection_is_no_fault_of_the_one_that_saw_it():
    assert classify(GLOO)[0] == Exit.COMM
