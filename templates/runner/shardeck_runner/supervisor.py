"""The supervisor: starts the child processes of this node, pass by pass, and ends the run."""

from __future__ import annotations

import dataclasses
import math
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shardeck_runner.causes import severity
from shardeck_runner.contract import (
    EXECUTION_TRACE,
    GRACE,
    MEASURE,
    PATIENCE,
    RAW_TRACES,
    RESULTS,
    TORCH,
    UNFINISHED,
    Exit,
    Failure,
    log,
    stage,
)
from shardeck_runner.experiment import Experiment
from shardeck_runner.file_messages import NodeMessages
from shardeck_runner.files import write_json
from shardeck_runner.models import LOCAL_MODEL, local_model, write_local_model
from shardeck_runner.processes import ChildProcess, start_process
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult, RunRecord, count_kineto_traces, now, result_path, run_info, write_timing
from shardeck_runner.vllm_arguments import build_setup, command_line, find_abilities

SETTLE = 3.0 * PATIENCE  # seconds for the driver to free the memory of the first engine


class Supervisor:
    """Starts the children of this node, pass by pass, and makes one run of their results."""

    def __init__(self, e: Experiment, config: Path, out: Path, where: Rendezvous) -> None:
        self.e, self.config, self.out, self.where = e, config, out, where
        self.record = RunRecord(now())
        self.stopped = ""  # by which signal
        self.failed: tuple[int, str] | None = None
        self.children: list[ChildProcess] = []
        self.nodes = NodeMessages(out, where)

    @property
    def leads(self) -> bool:
        return self.where.node == 0

    @property
    def headless(self) -> bool:
        """Whether this node only holds workers of a replica whose head is on another."""
        return self.e.children == 1 and self.where.node > 0

    def numbers_here(self) -> range:
        """Children of this node: all of them on one node, else an equal share."""
        if self.e.children == 1:
            return range(1)
        share = self.e.children // self.where.nodes
        return range(self.where.node * share, (self.where.node + 1) * share)

    # The run

    def run(self) -> int:
        """The whole run; returns the exit code of the runner."""
        if self.leads:
            shutil.rmtree(self.out / RESULTS, ignore_errors=True)  # of a run that was killed here
            (self.out / RESULTS).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.config, self.out / "config.yaml")
            write_local_model(self.e, self.out)
            self.write_run()
        while not (self.out / RESULTS).exists() and not self.nodes.run_is_over():
            time.sleep(0.2)  # the first node makes it
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        try:
            self.run_pass(MEASURE)
        except Failure as f:
            self.failed = (f.code, str(f))
            self.nodes.tell_others(MEASURE, self.failed)
        if not self.failed and not self.stopped:
            self.run_execution_trace()
        if self.leads:
            return self.finish()
        return Exit.PARTIAL if self.stopped else self.failed[0] if self.failed else Exit.DONE

    def stop(self, number: int, _frame: Any) -> None:
        self.stopped = signal.Signals(number).name
        log(f"{self.stopped}: writing what was measured")
        for c in self.children:
            c.signal(signal.SIGTERM)

    def run_execution_trace(self) -> None:
        if not self.e.execution_trace:
            self.record.missing.append("execution trace: profiling.execution_trace is off")
        elif self.e.nsys:
            self.record.missing.append("execution trace: not together with nsys, which records every process of the job")
        elif self.e.engine != TORCH:  # whose ranks have taken it already, in the engine that they had
            time.sleep(SETTLE)
            self.run_pass(EXECUTION_TRACE)

    def run_pass(self, kind: str) -> None:
        """Runs one pass to its end; a failure of the measuring pass is the run's."""
        if self.headless:
            if not self.head_begins(kind):
                return
            self.children = [self.start_headless(kind)]
        else:
            self.children = []
            for number in self.numbers_here():
                self.children.append(self.start_child(kind, number))
        bad = [c for c in self.wait(kind) if c.process.returncode or self.headless]  # those never end of themselves
        if bad and not self.stopped:
            self.determine_cause(kind, bad)

    def head_begins(self, kind: str) -> bool:
        """Waits until the head begins a pass; false when it will not."""
        while not self.nodes.head_has_begun(kind):
            if self.stopped or self.nodes.run_is_over():
                return False
            time.sleep(0.2)
        return True

    # Children

    def start_child(self, kind: str, number: int) -> ChildProcess:
        command = [sys.executable, "-u", str(Path(sys.argv[0]).resolve()), "--config", str(self.config),
                   "--engine", self.e.engine, "--output-dir", str(self.out), "--pass", kind, "--dp-rank", str(number),
                   "--nodes", str(self.where.nodes), "--node-rank", str(self.where.node),
                   "--master-addr", self.where.master, "--master-port", str(self.port(kind))]
        if self.e.nsys:
            command.append("--nsys")
        return self.start(command, number, quiet=number > 0)

    def start_headless(self, kind: str) -> ChildProcess:
        """The other nodes of a replica hold workers only, under vLLM's own headless command."""
        where = dataclasses.replace(self.where, port=self.port(kind))
        raw = self.out / RAW_TRACES / "0"
        raw.mkdir(parents=True, exist_ok=True)
        model = local_model(self.e, self.out)
        setup = build_setup(self.e, find_abilities(), where, kind, str(raw.resolve()), moe=False, model=model)
        tool = ["vllm"] if shutil.which("vllm") else [sys.executable, "-m", "vllm.entrypoints.cli.main"]
        command = [*tool, "serve", model, "--headless", *command_line(setup.arguments)]
        return self.start(command, 0, quiet=True, extra=setup.environment)

    def port(self, kind: str) -> int:
        """Each pass has its own: the one before may still be held."""
        return self.where.port + (1 if kind == EXECUTION_TRACE else 0)

    def start(self, command: Sequence[str], number: int, quiet: bool, extra: Mapping[str, str] = {}) -> ChildProcess:
        return start_process(command, number, quiet, {**self.e.env, **extra})

    def wait(self, kind: str, grace: float = GRACE) -> list[ChildProcess]:
        """Waits for the children and returns them in the order in which they ended. When one fails,
        here or on another node, or the run is stopped, the others get `grace` seconds and are then
        ended: all ranks end."""
        ended: list[ChildProcess] = []
        deadline = math.inf
        while len(ended) < len(self.children):
            ended += [c for c in self.children if c not in ended and c.process.poll() is not None]
            failed = any(c.process.returncode for c in ended) or self.nodes.told_by_others(kind)
            if deadline == math.inf and (self.stopped or failed or self.headless and self.nodes.head_is_done(kind)):
                deadline = time.monotonic() + (grace if not self.headless else 5.0)
            if time.monotonic() > deadline:
                for c in self.children:
                    c.ended_by_us = c.ended_by_us or c not in ended
                    c.signal(signal.SIGKILL)
            time.sleep(0.05)
        for c in self.children:
            c.signal(signal.SIGKILL)  # workers that outlived their engine
            c.copier.join(timeout=5)
        return ended

    # Causes

    def determine_cause(self, kind: str, bad: Sequence[ChildProcess]) -> None:
        """The cause is that of the process that tells most, on whichever node; the others often
        fell because it did, and sometimes before anybody saw it."""
        of = self.cause_of_headless if self.headless else self.cause_of
        own = sorted((c for b in bad if not b.ended_by_us if (c := of(kind, b))), key=severity)
        if own:
            self.nodes.tell_others(kind, own[0])
        told = sorted(own + self.nodes.told_by_others(kind), key=severity)
        if told and kind == MEASURE:
            self.failed = told[0]
        elif told:
            self.record.missing.append(f"execution trace: {told[0][1]}")

    def cause_of_headless(self, kind: str, child: ChildProcess) -> tuple[int, str] | None:
        """Why workers of a replica ended on this node; None where its head was done with them, which
        a shared file system may show a little later."""
        deadline = time.monotonic() + max(1.0, 5.0 * PATIENCE)
        while time.monotonic() < deadline:
            if self.nodes.head_is_done(kind):
                return None
            time.sleep(0.2)
        gone = f"the workers on {socket.gethostname()} ended with exit code {child.process.returncode}: see this node's log"
        return child.log.cause() or (Exit.WORKER, gone)

    def cause_of(self, kind: str, child: ChildProcess) -> tuple[int, str] | None:
        """Why a child failed: by its own word, else its log's; None where all was done and it fell while it left."""
        path, code = result_path(self.out, kind, child.number), child.process.returncode
        result = ProcessResult.load(path) if path.exists() else ProcessResult(path)
        if result.code == Exit.DONE:
            return None
        cause = (result.code, result.cause)
        if result.code in (Exit.FAILED, Exit.WORKER):
            who = "rank" if self.e.engine == TORCH else "replica"
            ended = (Exit.WORKER, f"{who} {child.number} was ended by signal {-code}") if code < 0 else cause
            cause = child.log.cause() or ended
        return cause

    # The end

    def results(self, kind: str, patience: float) -> list[ProcessResult]:
        """The results of all children, in order; those of other nodes may come a little later."""
        deadline = time.monotonic() + patience
        while True:
            paths = [result_path(self.out, kind, r) for r in range(self.e.children)]
            found = [ProcessResult.load(p) for p in paths if p.exists()]
            open_ended = [p for p in found if p.cause == UNFINISHED]
            if (len(found) == self.e.children and not open_ended) or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def finish(self) -> int:
        """Writes timing_stats and run.json from the results, and says how the run ended."""
        patience = 60.0 if self.where.nodes > 1 and self.e.children > 1 else 0.0
        results = self.results(MEASURE, patience)
        extra = self.results(EXECUTION_TRACE, 0.0)
        for r in results:
            write_timing(r, self.out, self.e.child_ranks)
        lost = [m for r in results for m in r.missing]
        self.record.missing += self.undone(results) + lost + [m for r in extra for m in r.missing]
        code, cause = self.record.code, self.record.cause = self.outcome(results, lost)
        self.write_run(results, extra)
        self.remove_temporaries(code)
        if code == Exit.DONE:
            stage("done")
        else:
            log(cause)
        return code

    def undone(self, results: Sequence[ProcessResult]) -> list[str]:
        """What an early end left out."""
        done = min((len(r.timed) for r in results), default=0)
        out = [f"timing: {done} of {self.e.iterations} iterations were done"] if done < self.e.iterations else []
        traced = count_kineto_traces(self.out)
        if (self.stopped or self.failed) and self.e.kineto and traced < self.e.ranks:
            out.append(f"traces: {traced} of {self.e.ranks} ranks have one")
        return out

    def outcome(self, results: Sequence[ProcessResult], lost: Sequence[str]) -> tuple[int, str]:
        """The exit code and the cause. `lost` is what the processes could not write."""
        if self.stopped:
            return Exit.PARTIAL, f"stopped by {self.stopped} before the end: what was measured is written"
        if self.failed:
            told = [(r.code, r.cause) for r in results if r.code not in (Exit.DONE, Exit.FAILED, Exit.WORKER, Exit.PARTIAL)]
            return min([self.failed, *told], key=severity) if self.failed[0] == Exit.WORKER else self.failed
        broken = [r for r in results if r.code not in (Exit.DONE, Exit.PARTIAL)]
        if broken:
            return broken[0].code, broken[0].cause
        if len(results) < self.e.children:
            silent = f"{self.e.children - len(results)} of {self.e.children} processes"
            return Exit.WORKER, f"{silent} left no result: see their part of the log"
        if lost and (self.e.kineto or self.e.nsys):
            return Exit.TRACES, f"timing is sound, traces are not: {lost[0]}"
        return Exit.DONE, ""

    def write_run(self, results: Sequence[ProcessResult] = (), extra: Sequence[ProcessResult] = ()) -> None:
        write_json(self.out / "run.json", run_info(self.e, self.out, self.record, results, extra))

    def remove_temporaries(self, code: int) -> None:
        """Removes what only the children needed; after a failure raw traces stay for a look."""
        for made_here in (RESULTS, LOCAL_MODEL):
            shutil.rmtree(self.out / made_here, ignore_errors=True)
        raw = self.out / RAW_TRACES
        if code in (Exit.DONE, Exit.PARTIAL) or not any(p.is_file() for p in raw.rglob("*")):
            shutil.rmtree(raw, ignore_errors=True)
