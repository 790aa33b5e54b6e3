"""Whose turn it is among the points of a job: shardeck is asked between points which comes next, and which can no longer matter.

Only the supervisor of the first node asks, so that all processes agree: it leaves a file for every turn, which they wait for.
Where nobody can be asked, the points come in the order of their list, and all are measured.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shardeck_runner.contract import RESULTS, UNFINISHED, Exit, log
from shardeck_runner.files import write_json
from shardeck_runner.points import Point
from shardeck_runner.results import ProcessResult

NEXT = "SHARDECK_NEXT"  # what bash runs to ask; "$@" are the ids of the points that are left
PATIENCE_FOR_ANSWER = 60.0  # seconds, in which the engine idles


def can_ask() -> bool:
    return bool(os.environ.get(NEXT))


@dataclass
class Answer:
    """What shardeck says of the points that are left: ids, and of those that need not be measured why."""

    next: list[str] = field(default_factory=list)
    passed: dict[str, str] = field(default_factory=dict)


def ask(ids: Sequence[str]) -> Answer:
    """Asks shardeck; an empty answer where it has none, after which nobody is asked again."""
    try:
        done = subprocess.run(["bash", "-c", os.environ[NEXT], "next", *ids], capture_output=True, text=True,
                              timeout=PATIENCE_FOR_ANSWER, check=True, stdin=subprocess.DEVNULL)
        said = json.loads(done.stdout)
        return Answer([str(i) for i in said["next"]], {str(k): str(v) for k, v in said["passed"].items()})
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, AttributeError) as e:
        words = (getattr(e, "stderr", "") or str(e)).strip().splitlines() or [type(e).__name__]
        log(f"shardeck does not say which point comes next, so all are measured: {words[-1]}")
        os.environ.pop(NEXT, None)
        return Answer()


class Turns:
    """Gives the points of a job their turns, as the supervisor of the first node does."""

    def __init__(self, points: Sequence[Point], out: Path) -> None:
        self.points, self.folder = points, out / RESULTS
        self.order: list[str] = []  # of those that had their turns
        self.given = 0  # to the engine under way
        self.now: Point | None = None

    def choose(self) -> bool:
        """Finds out whose turn is next, and passes over what need not be measured; false when nobody's is."""
        left = [p for p in self.points if not p.passed and p.results is None and p.e.id not in self.order]
        said = ask([p.e.id for p in left]) if left and can_ask() else Answer()
        for p in left:
            if why := said.passed.get(p.e.id):
                p.pass_over(why)
        open_ = {p.e.id: p for p in left if not p.passed}
        self.now = next((open_[i] for i in [*said.next, *open_] if i in open_), None)
        return self.now is not None

    def give(self) -> None:
        """Tells the processes whose turn it is, or that all have had theirs."""
        if p := self.now:
            self.order.append(p.e.id)
            if p.shared:
                p.shared.update(position=len(self.order), points=list(self.order))
        write_json(self.folder / f"turn_{self.given}.json", p.e.id if p else None)
        self.given += 1

    def go_on(self, results: Callable[[Point], Sequence[ProcessResult]]) -> None:
        """The next point has its turn once all processes have ended the one before, and that has its name."""
        if (p := self.now) is None:
            return
        found = results(p) if p.results is None else []
        if p.results is not None or len(found) == p.e.children and all(r.cause != UNFINISHED for r in found):
            self.choose()
            self.give()

    def place(self, p: Point) -> int:
        """Of a point among those that had their turns."""
        return self.order.index(p.e.id)

    def say_over(self) -> None:
        """Tells the other nodes that the run is over before it began."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.folder.parent / "run.json", {"cause": "", "exit_code": Exit.DONE})

    def start_again(self, left: Sequence[Point]) -> bool:
        """Another engine begins with those that are left; false where none of them need be measured."""
        self.given = 0
        self.order = [i for i in self.order if i not in {p.e.id for p in left}]
        return self.choose()


def turns(points: Sequence[Point], out: Path) -> Iterator[Point]:
    """The points as their turns come, in a process that serves them."""
    by_id = {p.e.id: p for p in points}
    for n in range(len(points) + 1):
        file = out / RESULTS / f"turn_{n}.json"
        while not file.exists():
            time.sleep(0.02)
        if (point := by_id.get(json.loads(file.read_text(encoding="utf-8")))) is None:
            return
        yield point
