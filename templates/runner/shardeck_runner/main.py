"""The command line of the runner."""

from __future__ import annotations

import argparse
import dataclasses
import glob
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shardeck_runner.child import run_child
from shardeck_runner.contract import EXECUTION_TRACE, MEASURE, TORCH, VLLM, Exit, Failure, Stopped, log
from shardeck_runner.environment import number_gpus
from shardeck_runner.experiment import read_config
from shardeck_runner.points import Point, engine_size, read_points
from shardeck_runner.processes import take_share_of_cores
from shardeck_runner.rendezvous import check_nodes, find_rendezvous
from shardeck_runner.supervisor import Supervisor
from shardeck_runner.turns import turns


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description="Runs one experiment and writes what shardeck reads.",
                                epilog="The top of shardeck_runner/contract.py describes what it writes, and its exit codes.")
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", help="the experiment's YAML")
    what.add_argument("--points", help="several experiments that one engine serves: a JSON list of {config, name}")
    p.add_argument("--output-dir", required=True,
                   help="folder to write to; must not hold a run yet; of --points where their processes meet")
    p.add_argument("--engine", choices=(VLLM, TORCH), help="instead of the config's engine")
    p.add_argument("--nsys", action="store_true", help="the job runs under nsys: no torch profiler")
    p.add_argument("--nodes", type=int, help="nodes of the job (default: Slurm's)")
    p.add_argument("--node-rank", type=int, help="this node among them (default: Slurm's)")
    p.add_argument("--master-addr", help="the first node (default: MASTER_ADDR, else Slurm's first host)")
    p.add_argument("--master-port", type=int, help="default: MASTER_PORT, else chosen")
    p.add_argument("--pass", dest="kind", choices=(MEASURE, EXECUTION_TRACE), help=argparse.SUPPRESS)
    p.add_argument("--dp-rank", type=int, help=argparse.SUPPRESS)
    p.add_argument("--turns", action="store_true", help=argparse.SUPPRESS)
    return p.parse_args(argv)


def run(argv: Sequence[str] | None) -> int:
    a = parse_arguments(argv)
    points = points_of(a)
    e = engine_size(points)
    if e.engine not in (VLLM, TORCH):
        raise Failure(Exit.SOFTWARE, f"engine {e.engine} is not in this runner: it runs vllm and torch; "
                                     "replay is run by `shardeck replay`")
    if os.environ.get("SLURM_LOCALID", "0") != "0" and not a.kind:
        return Exit.DONE  # one runner a node; it starts what it needs
    take_share_of_cores(os.environ.get("SHARDECK_LANE", ""))
    out, where = Path(a.output_dir), find_rendezvous(a)
    if a.kind:
        return run_child(points, a.kind, where, out, turns(points, out) if a.turns else points)
    if told := number_gpus():
        log(told)
    check_nodes(e, where)
    if where.node == 0:
        for p in points:
            check_vacant(p.out)
    return Supervisor(points, out, where).run()


def points_of(a: argparse.Namespace) -> list[Point]:
    """The experiments of the command line; one, or those of the file of points that this job has not measured yet."""
    points = read_points(a.points) if a.points else [Point(read_config(a.config), Path(a.config), Path(a.output_dir))]
    for p in points:
        p.e = dataclasses.replace(p.e, nsys=p.e.nsys or a.nsys, engine=a.engine or p.e.engine)
    return [p for p in points if a.kind or not p.is_published()] or sys.exit(Exit.DONE)


def check_vacant(out: Path) -> None:
    """Nothing is overwritten: a folder that holds a run is refused."""
    for pattern in ("run.json", "timing_stats_*", "kineto_trace_*", "torch_et_*"):
        for found in glob.glob(f"{glob.escape(str(out))}/{pattern}"):
            name = Path(found).name
            raise Failure(Exit.CONFIG, f"{out} holds a run already ({name}): give another --output-dir, or move it away")


def main(argv: Sequence[str] | None = None) -> int:
    try:
        return run(argv)
    except Failure as f:
        print(f"shardeck: {f}", file=sys.stderr, flush=True)
        return f.code
    except Stopped as s:
        print(f"shardeck: stopped by {s}", file=sys.stderr, flush=True)
        return Exit.PARTIAL
