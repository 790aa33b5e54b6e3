"""The supervisor: starts the child processes of this node, pass by pass, and ends the run."""

from __future__ import annotations

import dataclasses
import math
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
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
from shardeck_runner.file_messages import NodeMessages
from shardeck_runner.files import write_json, write_text
from shardeck_runner.models import LOCAL_MODEL, local_model, write_local_model
from shardeck_runner.outcome import begin_record, conclude
from shardeck_runner.points import Point, engine_size, note_sharing, points_for_child
from shardeck_runner.processes import ChildProcess, start_process
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult, RunRecord, now, result_path
from shardeck_runner.turns import Turns, can_ask
from shardeck_runner.vllm_arguments import build_setup, command_line, find_abilities, vllm_command

SETTLE = 3.0 * PATIENCE  # seconds for the driver to free the memory of the first engine


class Supervisor:
    """Starts the children of this node, pass by pass, and makes one run of their results."""

    def __init__(self, points: Sequence[Point], out: Path, where: Rendezvous) -> None:
        self.points, self.out, self.where = list(points), out, where
        self.e = engine_size(points)  # what the engine is built for
        self.stopped = ""  # by which signal
        self.failed: tuple[int, str] | None = None  # of the pass under way
        self.record = RunRecord(now())
        self.children: list[ChildProcess] = []
        self.nodes = NodeMessages(out, where)
        self.turns = Turns(self.points, out) if self.shares and can_ask() else None  # None: by their list

    @property
    def leads(self) -> bool:
        return self.where.node == 0

    @property
    def headless(self) -> bool:
        """Whether this node only holds workers of a replica whose head is on another."""
        return self.e.children == 1 and self.where.node > 0

    @property
    def shares(self) -> bool:
        """Whether the engine serves several points, each with a folder of its own."""
        return self.points[0].name is not None

    @property
    def patience(self) -> float:
        """Seconds that results of other nodes may come later than those of this one."""
        return 60.0 if self.where.nodes > 1 and self.e.children > 1 else 0.0

    # The run

    def run(self) -> int:
        """The whole run; returns the exit code of the runner."""
        if self.leads:
            self.prepare()
        while not (self.out / RESULTS).exists() and not self.nodes.run_is_over():
            time.sleep(0.2)  # the first node makes it
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        left = self.points if (self.out / RESULTS).exists() else []
        while left:
            left = self.measure(left)
        if not self.failed and not self.stopped and (self.out / RESULTS).exists():
            self.run_execution_trace()
        if self.leads:
            return self.finish()
        return Exit.PARTIAL if self.stopped else self.failed[0] if self.failed else Exit.DONE

    def prepare(self) -> None:
        """Makes the folders; run.json says that the run is under way, or over where no point need be measured."""
        if self.turns and not self.turns.choose():
            return self.turns.say_over()
        note_sharing(self.points, self.e)
        for p in [p for p in self.points if not p.passed]:
            p.prepare()
            begin_record(p)
        if self.shares:
            shutil.rmtree(self.out / RESULTS, ignore_errors=True)
            (self.out / RESULTS).mkdir(parents=True, exist_ok=True)
            write_json(self.out / "run.json", {"cause": UNFINISHED})
        write_local_model(self.e, self.out)

    def measure(self, points: Sequence[Point]) -> list[Point]:
        """The measuring pass over some points; returns those that need another engine, since theirs fell."""
        self.failed = None
        if self.turns and self.leads:
            self.turns.give()
        try:
            self.run_pass(MEASURE, points)
        except Failure as f:
            self.failed = (f.code, str(f))
            self.nodes.tell_others(MEASURE, self.failed)
        if not self.leads or not self.shares:
            return []
        self.settle_measured(points)
        left = [p for p in points if p.results is None and not p.passed]
        begun = [p for p in left if result_path(p.out, MEASURE, 0).exists()]
        if self.turns:
            begun.sort(key=self.turns.place)
        for p in begun:
            p.failed, p.results = self.failed if p is begun[-1] else None, self.results(MEASURE, p, self.patience)
            self.end_point(p)
        left = [p for p in left if p.results is None]
        if self.stopped or len(left) == sum(not p.passed for p in points) or self.where.nodes > 1:
            for p in left:
                self.leave_out(p)
            return []
        if self.turns and not self.turns.start_again(left):
            return []
        if left:
            log(f"{len(left)} points are left: the engine is started again")
            time.sleep(SETTLE)
            shutil.rmtree(self.out / RESULTS, ignore_errors=True)
            (self.out / RESULTS).mkdir()
        return left

    def settle_measured(self, points: Sequence[Point]) -> None:
        """Ends the points whose results are whole, while others are measured. Why one failed that cannot say
        so itself, the log of its process tells, once that has ended."""
        for p in points:
            results = self.results(MEASURE, p) if p.results is None else []
            if len(results) == self.e.children and not any(r.code in (Exit.FAILED, Exit.WORKER) for r in results):
                p.results = results
                self.end_point(p)

    def end_point(self, p: Point) -> None:
        """Writes what a point of several measured, and gives its folder its name."""
        conclude(p, self.stopped if any(r.code == Exit.PARTIAL for r in p.results or []) else "")
        p.publish()

    def leave_out(self, p: Point) -> None:
        """A point that no engine came to: nothing of it stays."""
        why = f"stopped by {self.stopped}" if self.stopped else (self.failed or (0, "the engine fell"))[1]
        p.failed = (Exit.PARTIAL if self.stopped else (self.failed or (Exit.WORKER, ""))[0], f"{p.e.id} was not run: {why}")
        log(p.failed[1])
        shutil.rmtree(p.out, ignore_errors=True)

    def stop(self, number: int, _frame: Any) -> None:
        self.stopped = signal.Signals(number).name
        log(f"{self.stopped}: writing what was measured")
        for c in self.children:
            c.signal(signal.SIGTERM)

    def run_execution_trace(self) -> None:
        wanted = [p for p in self.points if p.e.execution_trace and not p.e.nsys]
        for p in self.points:
            if p.e.load:
                continue  # nothing of it is traced
            if not p.e.execution_trace:
                p.record.missing.append("execution trace: profiling.execution_trace is off")
            elif p.e.nsys:
                p.record.missing.append("execution trace: not together with nsys, which records every process of the job")
        if self.e.engine == TORCH or not wanted:
            return  # the ranks of torch have taken it already, in the engine that they had
        time.sleep(SETTLE)
        if not self.shares:
            return self.run_pass(EXECUTION_TRACE, wanted)
        done = [p for p in wanted if p.record.code == Exit.DONE]
        scratch = [(p, dataclasses.replace(p, out=self.out / "execution_trace" / p.e.id)) for p in done]
        for _, s in scratch:
            (s.out / RESULTS).mkdir(parents=True, exist_ok=True)
        if done or not self.leads:
            self.run_pass(EXECUTION_TRACE, [s for _, s in scratch])
        for p, s in scratch:
            p.extra = self.results(EXECUTION_TRACE, s, 0.0 if self.record.missing else self.patience)
            for file in s.out.glob("torch_et_*"):
                file.replace(p.out / file.name)
            conclude(p)

    def run_pass(self, kind: str, points: Sequence[Point]) -> None:
        """Runs one pass to its end; a failure of the measuring pass is the run's."""
        follows = self.headless or self.shares and not self.leads  # the first node says which points there are
        if follows and not self.head_begins(kind):
            return
        if self.headless:
            self.children = [self.start_headless(kind)]
        else:
            self.children = []
            for number in self.where.share_of(self.e.children):
                self.children.append(self.start_child(kind, number, points))
        ended = self.wait(kind, points)
        bad = [c for c in ended if c.process.returncode or self.headless]  # those never end of themselves
        if bad and not self.stopped:
            self.determine_cause(kind, bad)

    def head_begins(self, kind: str) -> bool:
        """Waits until the first node begins a pass; false when it will not."""
        while not (begun := self.nodes.head_has_begun(kind)) and not (self.stopped or self.nodes.run_is_over()):
            time.sleep(0.2)
        return begun

    # Children

    def start_child(self, kind: str, number: int, points: Sequence[Point]) -> ChildProcess:
        what = ["--config", str(self.points[0].config)]
        if self.shares:
            listed = self.out / RESULTS / f"points_{kind}.json"
            if self.leads:
                write_text(listed, points_for_child(points))
            what = ["--points", str(listed), *(["--turns"] if self.turns and kind == MEASURE else [])]
        command = [sys.executable, "-u", str(Path(sys.argv[0]).resolve()), *what, "--engine", self.e.engine,
                   "--output-dir", str(self.out), "--pass", kind, "--dp-rank", str(number),
                   "--nodes", str(self.where.nodes), "--node-rank", str(self.where.node),
                   "--master-addr", self.where.master, "--master-port", str(self.port(kind))]
        if self.e.nsys:
            command.append("--nsys")
        return start_process(command, number, number > 0, self.e.env)

    def start_headless(self, kind: str) -> ChildProcess:
        """The other nodes of a replica hold workers only, under vLLM's own headless command."""
        where = dataclasses.replace(self.where, port=self.port(kind))
        raw = self.out / RAW_TRACES / "0"
        raw.mkdir(parents=True, exist_ok=True)
        model = local_model(self.e, self.out)
        setup = build_setup(self.e, find_abilities(), where, kind, str(raw.resolve()), moe=False, model=model)
        command = [*vllm_command(), "serve", model, "--headless", *command_line(setup.arguments)]
        return start_process(command, 0, True, {**self.e.env, **setup.environment})

    def port(self, kind: str) -> int:
        return self.where.port + (kind == EXECUTION_TRACE)  # that of the pass before may still be held

    def wait(self, kind: str, points: Sequence[Point], grace: float = GRACE) -> list[ChildProcess]:
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
            if kind == MEASURE and self.shares and self.leads:
                self.settle_measured(points)
                if self.turns and not self.stopped:
                    self.turns.go_on(lambda p: self.results(MEASURE, p))
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

    def results(self, kind: str, p: Point, patience: float = 0.0) -> list[ProcessResult]:
        """The results of all children for a point, in order; those of other nodes may come a little later."""
        deadline = time.monotonic() + patience
        while True:
            paths = [result_path(p.out, kind, r) for r in range(self.e.children)]
            found = [ProcessResult.load(f) for f in paths if f.exists()]
            open_ended = [r for r in found if r.cause == UNFINISHED]
            if (len(found) == self.e.children and not open_ended) or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def finish(self) -> int:
        """Ends the run, and says how it ended."""
        if self.shares:
            return self.finish_shared()
        p = self.points[0]
        p.failed, p.results, p.extra = self.failed, self.results(MEASURE, p, self.patience), self.results(EXECUTION_TRACE, p)
        p.record.missing += self.record.missing
        code = conclude(p, self.stopped)
        if code == Exit.DONE:
            stage("done")
        return code

    def finish_shared(self) -> int:
        """The end of a job of several points: done if all are, else the cause of the first that is not."""
        bad = [p for p in self.points if not p.passed and (p.failed or p.record.code != Exit.DONE)]
        code, cause = (bad[0].failed or (bad[0].record.code, bad[0].record.cause)) if bad else (Exit.DONE, "")
        write_json(self.out / "run.json", {"cause": cause, "exit_code": code})
        for made_here in (RESULTS, LOCAL_MODEL, RAW_TRACES, "execution_trace"):
            shutil.rmtree(self.out / made_here, ignore_errors=True)
        count, passed = len(self.points), sum(bool(p.passed) for p in self.points)
        log(f"{count - len(bad) - passed} of {count} points are measured" + f", {passed} are passed over" * bool(passed))
        if code == Exit.DONE:
            stage("done")
        return Exit.PARTIAL if self.stopped else code
