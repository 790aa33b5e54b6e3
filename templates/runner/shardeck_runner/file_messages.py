"""What processes tell each other through the output directory, which all nodes of a job see."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

from shardeck_runner.contract import RESULTS, UNFINISHED, Exit, Failure
from shardeck_runner.files import write_json
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult, result_path

FAILED = "failed"  # a file that a process leaves when it ends badly


class FileBarrier:
    """Lets the replicas begin an iteration together, through files that all of them see."""

    def __init__(self, folder: Path, rank: int, size: int, patience: float = 3600.0) -> None:
        self.folder, self.rank, self.size, self.patience = folder, rank, size, patience

    def wait(self, name: str) -> None:
        if self.size == 1:
            return
        (self.folder / f"at_{name}_{self.rank}").touch()
        deadline = time.monotonic() + self.patience
        all_of_us = [self.folder / f"at_{name}_{r}" for r in range(self.size)]
        while not all(p.exists() for p in all_of_us):
            if (self.folder / FAILED).exists():
                raise Failure(Exit.WORKER, "another replica failed: see its part of the log")
            if time.monotonic() > deadline:
                raise Failure(Exit.WORKER, f"the other replicas did not reach {name} in {self.patience:.0f} s: see the log")
            time.sleep(0.005)
        self.start_together(max(p.stat().st_mtime for p in all_of_us))

    def start_together(self, last_arrival: float, pause: float = 0.05) -> None:
        """Ends a little after the last arrival, at the same moment for all with one clock."""
        wait = last_arrival + pause - time.time()
        if 0 < wait <= pause:
            time.sleep(wait)


class NodeMessages:
    """What this node tells the others, and reads of them. The first node is the head."""

    def __init__(self, out: Path, where: Rendezvous) -> None:
        self.out, self.where = out, where

    def tell_others(self, kind: str, cause: tuple[int, str]) -> None:
        """Says why this node failed in a pass: the others would wait for ranks that are gone."""
        if self.where.nodes > 1:
            with contextlib.suppress(FileNotFoundError):  # the run is over
                write_json(self.out / RESULTS / f"lost_{kind}_{self.where.node}.json", cause)

    def told_by_others(self, kind: str) -> list[tuple[int, str]]:
        """Why other nodes failed in a pass."""
        if self.where.nodes == 1:
            return []
        mine = f"lost_{kind}_{self.where.node}.json"
        told = [p.read_text(encoding="utf-8") for p in (self.out / RESULTS).glob(f"lost_{kind}_*.json") if p.name != mine]
        return [(int(code), str(text)) for code, text in map(json.loads, told)]

    def head_has_begun(self, kind: str) -> bool:
        return result_path(self.out, kind, 0).exists()

    def head_is_done(self, kind: str) -> bool:
        """Whether the head has ended a pass."""
        try:
            return ProcessResult.load(result_path(self.out, kind, 0)).cause != UNFINISHED
        except FileNotFoundError:
            return self.run_is_over()

    def run_is_over(self) -> bool:
        try:
            return bool(json.loads((self.out / "run.json").read_text(encoding="utf-8")).get("cause") != UNFINISHED)
        except FileNotFoundError:
            return False
