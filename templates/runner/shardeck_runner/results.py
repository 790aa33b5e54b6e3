"""What a process measured, and the files made of it: timing_stats_<rank>.json and run.json."""

from __future__ import annotations

import dataclasses
import glob
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from shardeck_runner.contract import RESULTS, UNFINISHED, Exit, masked
from shardeck_runner.energy import Parts, energy_stats
from shardeck_runner.environment import SEEN, this_environment
from shardeck_runner.experiment import Experiment
from shardeck_runner.files import write_json
from shardeck_runner.traces import TracePlan


@dataclass
class Iteration:
    """One batch from the first request handed over to its last token. Seconds."""

    seconds: float
    ttft: list[float]
    tpot: list[float | None]
    input_tokens: list[int]
    output_tokens: list[int]


@dataclass
class ProcessResult:
    """What a child process found out. It is saved after each iteration, so that no end loses one."""

    path: Path
    timed: list[Iteration] = field(default_factory=list)
    traced: list[Iteration] = field(default_factory=list)
    plan: TracePlan | None = None
    ranks: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    serving: dict[str, Any] = field(default_factory=dict)  # how a load was made, and how many requests it served
    code: int = Exit.FAILED
    cause: str = UNFINISHED
    started: str = ""  # of a point of several: when its turn came
    energy: Parts = field(default_factory=list)  # of the timed iterations
    light: dict[str, Any] = field(default_factory=dict)  # the light traced pass, and what it cost
    captured: list[str] = field(default_factory=list)  # traces of the capture of CUDA graphs

    @property
    def number(self) -> int:
        """Of the child that left it: a replica, or a rank."""
        return int(self.path.stem.rsplit("_", 1)[1])

    def begin(self, path: Path) -> ProcessResult:
        """The result of a point of this process: what is known of the engine is the point's too."""
        if path == self.path:
            return self
        point = ProcessResult(path, ranks=list(self.ranks), versions=dict(self.versions), arguments=dict(self.arguments),
                              missing=list(self.missing), notes=list(self.notes), started=now())
        point.save()
        return point

    def save(self) -> None:
        data = dataclasses.asdict(self)
        del data["path"]
        write_json(self.path, data)

    @classmethod
    def load(cls, path: Path) -> ProcessResult:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["timed"] = [Iteration(**i) for i in data["timed"]]
        data["traced"] = [Iteration(**i) for i in data["traced"]]
        data["plan"] = TracePlan(**data["plan"]) if data["plan"] else None
        return cls(path=path, **data)


def result_path(out: Path, kind: str, number: int) -> Path:
    """Where child `number` leaves its result of a pass."""
    return out / RESULTS / f"{kind}_{number}.json"


def write_timing(p: ProcessResult, out: Path, ranks: int) -> None:
    """timing_stats_<rank>.json for each rank of a child; none where nothing was measured."""
    if not p.timed:
        return
    for r in range(ranks):
        peak = p.ranks[r].get("peak", 0) if r < len(p.ranks) else 0
        stats = timing_stats(p.timed, p.traced, peak, energy_stats(p.energy, r))
        write_json(out / f"timing_stats_{p.number * ranks + r}.json", stats)


def timing_stats(timed: Sequence[Iteration], traced: Sequence[Iteration], peak: int,
                 energy: Mapping[str, Any] = {}) -> dict[str, Any]:
    """The contents of timing_stats_<rank>.json. Two populations that never mix."""
    stats: dict[str, Any] = {
        "unprofiled_iteration_times": [i.seconds for i in timed],
        "unprofiled_ttft": [i.ttft for i in timed],
        "unprofiled_tpot": [i.tpot for i in timed],
        "unprofiled_input_tokens": [i.input_tokens for i in timed],
        "unprofiled_output_tokens": [i.output_tokens for i in timed],
    }
    if traced:
        seconds, ttft = [i.seconds for i in traced], [t for i in traced for t in i.ttft]
        tpot = [t for i in traced for t in i.tpot if t is not None]
        stats.update({
            "iteration_times": seconds, "ttft": [i.ttft for i in traced], "tpot": [i.tpot for i in traced],
            "input_tokens": [i.input_tokens for i in traced], "output_tokens": [i.output_tokens for i in traced],
            "avg_iteration_time": mean(seconds), "min_iteration_time": min(seconds), "max_iteration_time": max(seconds),
            "ttft_avg": mean(ttft), "ttft_p99": percentile(ttft, 99),
            "tpot_avg": mean(tpot), "tpot_p99": percentile(tpot, 99),
        })
    if peak:
        stats["peak_memory_bytes"] = peak
    return {k: v for k, v in {**stats, **energy}.items() if v is not None}


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of the values there are; None of none."""
    there = [v for v in values if v is not None]
    return math.fsum(there) / len(there) if there else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Linear interpolation between the nearest two, as numpy does it."""
    if not values:
        return None
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


@dataclass
class RunRecord:
    """How a run went, beyond what its processes found out."""

    started: str
    code: int = Exit.FAILED
    cause: str = UNFINISHED
    missing: list[str] = field(default_factory=list)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def count_kineto_traces(out: Path) -> int:
    return len(glob.glob(f"{glob.escape(str(out))}/kineto_trace_*"))


def run_info(e: Experiment, out: Path, run: RunRecord, results: Sequence[ProcessResult],
             extra: Sequence[ProcessResult], shared: Mapping[str, Any] = {}) -> dict[str, Any]:
    """run.json, as model.RunInfo of shardeck reads it. What is not known is left out. `results` are of
    the measuring pass, `extra` of the execution trace."""
    first = results[0] if results else None
    plan = first.plan if first else None
    ranks = [r for p in results for r in p.ranks]
    timed = min((len(p.timed) for p in results), default=0)
    # The report of nsys is made when all this has ended: whether there is one, its job script tells.
    traces = e.ranks if e.nsys else count_kineto_traces(out)
    info: dict[str, Any] = {
        "schema": 1, "runner": "vllm_profiler.py", "engine": e.engine, "experiment_id": e.id,
        "job_id": os.environ.get("SHARDECK_JOB_ID", os.environ.get("SLURM_JOB_ID", "")),
        "status": "complete" if run.code == Exit.DONE else "partial" if timed or first and first.serving else "failed",
        "exit_code": run.code, "cause": run.cause,
        "missing": unique(run.missing), "notes": unique(n for p in [*results, *extra] for n in p.notes),
        "start": run.started, "end": now(), "world_size": e.ranks,
        "hosts": [r["host"] for r in ranks if r.get("host")], "gpu": ranks[0].get("gpu", "") if ranks else "",
        "versions": first.versions if first else {},
        "effective": {"asked": first.arguments, "engine": ranks[0].get("engine", {})} if first and ranks else {},
        "timed_iterations": timed, "serving": first.serving if first else {},
        "traced_iterations": len(first.traced) if first and traces == e.ranks else 0,
        "traced_tokens": plan.tokens if plan else 0,
        "trace_bytes_estimate": plan.bytes if plan else 0, "shared_engine": dict(shared),
        "light_trace": first.light if first else {}, "capture_traces": [n for p in results for n in p.captured],
        "environment": {**this_environment(), **({"libraries": dict(SEEN)} if SEEN else {})},
    }
    if slow := slowdown(first):
        info["notes"].append(slow)
    told: dict[str, Any] = json.loads(masked(json.dumps(info), [json.dumps(s)[1:-1] for s in e.secrets]))
    return {k: v for k, v in told.items() if v not in ("", [], {})}


def slowdown(p: ProcessResult | None) -> str:
    """How much the profiler costs, a decode step compared with a decode step."""
    if p is None or not p.timed or not p.traced:
        return ""
    times = slower(p.traced, p.timed)
    return f"the traced pass takes {times:.2f} times the time of the untraced one per output token" if times else ""


def slower(traced: Sequence[Iteration], plain: Sequence[Iteration]) -> float | None:
    """How many times as long an output token takes; None where one of them has no second token."""
    of, to = (mean(t for i in of for t in i.tpot) for of in (traced, plain))
    return of / to if of and to else None


def unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
