"""How a point ended: its exit code, its cause, and the files made of its results."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence

from shardeck_runner.causes import severity
from shardeck_runner.contract import RAW_TRACES, RESULTS, Exit, log
from shardeck_runner.files import write_json
from shardeck_runner.models import LOCAL_MODEL
from shardeck_runner.points import Point
from shardeck_runner.results import ProcessResult, count_kineto_traces, run_info, write_timing


def conclude(p: Point, stopped: str = "") -> int:
    """Writes timing_stats and run.json of a point from its results; returns its exit code. `stopped` is
    the signal that ended the job, if one did."""
    results = p.results or []
    for r in results:
        write_timing(r, p.out, p.e.child_ranks)
    lost = [m for r in results for m in r.missing]
    code, cause = outcome(p, results, lost, stopped)
    p.record = dataclasses.replace(p.record, code=code, cause=cause, started=began(p, results))
    missing = p.record.missing + undone(p, results, stopped) + lost + [m for r in p.extra for m in r.missing]
    write_json(p.out / "run.json",
               run_info(p.e, p.out, dataclasses.replace(p.record, missing=missing), results, p.extra, p.shared))
    remove_temporaries(p, code)
    if code != Exit.DONE:
        log(cause)
    return code


def began(p: Point, results: Sequence[ProcessResult]) -> str:
    """When a point began: the first of an engine with its start, the others as their turn came."""
    turns = [r.started for r in results if r.started]
    return min(turns) if turns and p.shared.get("position", 1) > 1 else p.record.started


def begin_record(p: Point) -> None:
    """Writes run.json of a point that has not ended."""
    write_json(p.out / "run.json", run_info(p.e, p.out, p.record, [], [], p.shared))


def undone(p: Point, results: Sequence[ProcessResult], stopped: str) -> list[str]:
    """What an early end left out."""
    if p.e.load:
        return [] if any(r.serving for r in results) else [f"serving: none of {p.e.load.requests} requests was measured"]
    done = min((len(r.timed) for r in results), default=0)
    out = [f"timing: {done} of {p.e.iterations} iterations were done"] if done < p.e.iterations else []
    traced = count_kineto_traces(p.out)
    if (stopped or p.failed) and p.e.kineto and traced < p.e.ranks:
        out.append(f"traces: {traced} of {p.e.ranks} ranks have one")
    return out


def outcome(p: Point, results: Sequence[ProcessResult], lost: Sequence[str], stopped: str) -> tuple[int, str]:
    """The exit code and the cause. `lost` is what the processes could not write."""
    if stopped:
        return Exit.PARTIAL, f"stopped by {stopped} before the end: what was measured is written"
    if p.failed:
        told = [(r.code, r.cause) for r in results if r.code not in (Exit.DONE, Exit.FAILED, Exit.WORKER, Exit.PARTIAL)]
        return min([p.failed, *told], key=severity) if p.failed[0] == Exit.WORKER else p.failed
    broken = [r for r in results if r.code not in (Exit.DONE, Exit.PARTIAL)]
    if broken:
        return broken[0].code, broken[0].cause
    if len(results) < p.e.children:
        silent = f"{p.e.children - len(results)} of {p.e.children} processes"
        return Exit.WORKER, f"{silent} left no result: see their part of the log"
    if lost and (p.e.kineto or p.e.nsys):
        return Exit.TRACES, f"timing is sound, traces are not: {lost[0]}"
    return Exit.DONE, ""


def remove_temporaries(p: Point, code: int) -> None:
    """Removes what only the children needed; after a failure raw traces stay for a look."""
    for made_here in (RESULTS, LOCAL_MODEL):
        shutil.rmtree(p.out / made_here, ignore_errors=True)
    raw = p.out / RAW_TRACES
    if code in (Exit.DONE, Exit.PARTIAL) or not any(f.is_file() for f in raw.rglob("*")):
        shutil.rmtree(raw, ignore_errors=True)
