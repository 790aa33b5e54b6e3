"""The points of a job: experiments that one engine serves, one after the other.

A job of a single experiment has one point, whose folder the job script names. The points of a
sweep differ only in what an engine takes while it runs; each has a folder of its own, which gets
its name as soon as the point is measured.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shardeck_runner.contract import RESULTS, Exit, Failure, log, masked
from shardeck_runner.experiment import Experiment, read_config
from shardeck_runner.files import write_text
from shardeck_runner.results import ProcessResult, RunRecord, now

PUBLISH = "SHARDECK_PUBLISH"  # what bash runs to give a folder its name: $1 exit code, $2 folder, $3 name


@dataclass
class Point:
    """One experiment of a job."""

    e: Experiment
    config: Path
    out: Path
    name: Path | None = None  # what the folder is called once it is measured; None: the job script sees to it

    # How it went, as the supervisor knows
    record: RunRecord = field(default_factory=lambda: RunRecord(now()))
    failed: tuple[int, str] | None = None
    results: list[ProcessResult] | None = None  # of the measuring pass, once it is over
    extra: list[ProcessResult] = field(default_factory=list)  # of the execution trace
    shared: dict[str, Any] = field(default_factory=dict)  # whom it shared its engine with
    passed: str = ""  # why it is passed over

    def prepare(self) -> None:
        """Makes the folder, with the config as it is run. What a run that was killed here left is dropped."""
        shutil.rmtree(self.out / RESULTS, ignore_errors=True)
        (self.out / RESULTS).mkdir(parents=True, exist_ok=True)
        write_text(self.out / "config.yaml", masked(self.config.read_text(encoding="utf-8"), self.e.secrets))
        if self.name and (job := job_id()):
            (self.out / ".job").write_text(job + "\n", encoding="utf-8")

    def publish(self) -> None:
        """Gives the folder its name, by the one rule of the job script."""
        if self.name is None or not os.environ.get(PUBLISH):
            return
        names = [str(self.record.code), str(self.out), str(self.name)]
        subprocess.run(["bash", "-c", os.environ[PUBLISH], "publish", *names], check=False)
        for named in (Path(f"{self.name}@{job_id()}"), self.name):
            if not self.out.exists() and named.exists():
                self.out = named
                return

    def pass_over(self, why: str) -> None:
        """Leaves it out: it cannot change what the sweep asks. Nothing of it stays."""
        self.passed = why
        log(f"{self.e.id} is passed over: {why}")
        shutil.rmtree(self.out, ignore_errors=True)

    def is_published(self) -> bool:
        """Whether this job has measured it already: a requeued job starts again."""
        if self.name is None:
            return False
        try:
            done = (self.name / ".job").read_text(encoding="utf-8").strip() == job_id() != ""
            return done and json.loads((self.name / "run.json").read_text(encoding="utf-8"))["status"] == "complete"
        except (OSError, ValueError, KeyError):
            return False


def job_id() -> str:
    return os.environ.get("SHARDECK_JOB_ID", os.environ.get("SLURM_JOB_ID", ""))


def read_points(path: str) -> list[Point]:
    """Reads a file of points: a list of {config, output_dir, name}."""
    try:
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
        points = [Point(read_config(p["config"]), Path(p["config"]), folder_of(p),
                        Path(p["name"]) if p.get("name") else None) for p in entries]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise Failure(Exit.CONFIG, f"{path}: no list of points: {e}") from e
    if not points:
        raise Failure(Exit.CONFIG, f"{path}: no point to measure")
    return points


def folder_of(p: Mapping[str, str]) -> Path:
    """Where a point is written until it is measured: its name and the job, unless that is given."""
    return Path(p.get("output_dir") or f"{p['name']}.tmp-{job_id()}")


def points_for_child(points: Sequence[Point]) -> str:
    return json.dumps([{"config": str(p.config), "output_dir": str(p.out)} for p in points])


def engine_size(points: Sequence[Point]) -> Experiment:
    """The experiment that the engine is built for: the largest batch, and the longest prompt and output of any point."""
    first = points[0].e
    for p in points[1:]:
        if different := differences(first, p.e):
            raise Failure(Exit.CONFIG, f"{p.e.id} needs another engine than {first.id}: {', '.join(different)} differ")
    longest = max((p.e for p in points), key=lambda e: e.seq_len + e.max_tokens)
    return dataclasses.replace(
        longest, batch_size=max(p.e.batch_size for p in points), kineto=any(p.e.kineto for p in points),
        execution_trace=any(p.e.execution_trace for p in points),
        load=max((p.e.load for p in points if p.e.load), key=lambda x: x.concurrency, default=None),
    )


# What an engine takes while it runs; all else is the engine's own.
WORKLOAD = ("id", "batch_size", "seq_len", "max_tokens", "warmup", "iterations", "kineto", "execution_trace",
            "trace_iterations", "trace_tokens", "load")


def differences(a: Experiment, b: Experiment) -> list[str]:
    names = [f.name for f in dataclasses.fields(Experiment) if f.name not in WORKLOAD]
    different = [n for n in names if getattr(a, n) != getattr(b, n)]
    return different if bool(a.load) == bool(b.load) else [*different, "load"]


def note_sharing(points: Sequence[Point], size: Experiment) -> None:
    """Notes in each point whom it shares its engine with, and what the engine is built for."""
    if len(points) < 2:
        return
    ids = [p.e.id for p in points]
    for i, p in enumerate(points):
        p.shared = {"position": i + 1, "points": ids, "sized_for": {
            "batch_size": size.batch_size, "sequence_length": size.seq_len + size.max_tokens}}


def announce(point: Point, number: int, count: int) -> None:
    if count > 1:
        log(f"point {number} of {count}: {point.e.id}")
