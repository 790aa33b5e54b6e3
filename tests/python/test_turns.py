"""The next point is the one that can still change the answer: what shardeck says between points is done."""

from __future__ import annotations

import json
import re

import pytest
from shardeck_runner.contract import Exit
from test_points import Points
from test_runs import TWO_REPLICAS, two_nodes

# Stands for shardeck: it logs what it is asked, and answers with the files of the folder that are named after the number asked.
ASKED = 'cd {folder} && echo "$@" >>asked && cat answer$(wc -l <asked)'


class Turns(Points):
    """Points of which answers say what comes next."""

    def __init__(self, folder, *answers, **environment):
        super().__init__(folder, SHARDECK_NEXT=ASKED.format(folder=folder), **environment)
        for i, (order, passed) in enumerate(answers, 1):
            (folder / f"answer{i}").write_text(json.dumps({"next": order, "passed": passed}), encoding="utf-8")

    def asked(self):
        return [line.split() for line in (self.folder / "asked").read_text().splitlines()]

    def served(self):
        return re.findall(r"shardeck: point \d of \d: (\w+)", self.log)


def test_the_order_is_that_of_the_answers_and_what_is_passed_over_leaves_nothing(tmp_path):
    r = Turns(tmp_path, (["plain", "long"], {}), ([], {"large": "at most 3", "long": "at most 5"}))
    assert r.go() == Exit.DONE, r.log
    assert r.asked() == [["large", "long", "plain"], ["large", "long"]]
    assert r.measured() == ["plain"], r.log
    assert r.engines() == 1
    assert not list(tmp_path.glob("*.tmp-77"))
    assert "large is passed over: at most 3" in r.log
    assert "1 of 3 points are measured, 2 are passed over" in r.log
    assert r.info("plain")["shared_engine"]["points"] == ["plain"]


def test_the_position_is_that_in_which_points_were_served(tmp_path):
    r = Turns(tmp_path, (["long", "plain", "large"], {}), (["plain"], {}), ([], {"large": "at most 3"}))
    assert r.go() == Exit.DONE, r.log
    assert r.served()[:2] == ["long", "plain"]
    assert [r.info(n)["shared_engine"]["position"] for n in ("long", "plain")] == [1, 2]
    assert r.info("plain")["shared_engine"]["points"] == ["long", "plain"]


def test_no_engine_is_started_where_nothing_need_be_measured(tmp_path):
    r = Turns(tmp_path, ([], {"large": "a", "long": "b", "plain": "c"}))
    assert r.go() == Exit.DONE, r.log
    assert (r.engines(), r.measured()) == (0, [])
    assert "0 of 3 points are measured, 3 are passed over" in r.log


@pytest.mark.parametrize("answers", [[], [(["plain"], {})], [([], 3)]])
def test_all_are_measured_where_nobody_answers(tmp_path, answers):
    r = Turns(tmp_path, *answers)
    assert r.go() == Exit.DONE, r.log
    assert r.measured() == ["large", "long", "plain"]
    assert r.log.count("does not say which point comes next, so all are measured") == 1


@pytest.mark.parametrize(("how", "engines"), [("refuse", 1), ("die", 2)])
def test_a_point_that_fails_in_its_turn_is_that_points_failure(tmp_path, how, engines):
    """The others keep their turns, in this engine or the next."""
    r = Turns(tmp_path, (["long"], {}), (["large"], {}), (["plain"], {}), ([], {"plain": "x"}), DOUBLE_LARGE=f"6:{how}")
    assert r.go() != Exit.DONE, r.log
    assert r.engines() == engines
    assert r.measured() == ["long", "plain"] if how == "refuse" else r.measured()[0] == "long"
    assert r.info("large.tmp-77")["status"] == "failed"


def test_the_replicas_of_two_nodes_take_the_same_turns(tmp_path):
    """The first node alone asks."""
    sizes = {"large": 6, "long": 4, "plain": 2}
    r = Turns(tmp_path, (["plain"], {}), (["long"], {}), ([], {"large": "x"}), workloads={
        n: {"parallelism": TWO_REPLICAS["parallelism"], "data": {"batch_size": b, "seq_len": 8, "max_tokens": 3},
            "profiling": {"kineto": False, "execution_trace": False}} for n, b in sizes.items()})
    codes, logs = two_nodes(r)
    assert codes == [Exit.DONE, Exit.DONE], logs
    assert r.measured() == ["long", "plain"]
    assert len(r.asked()) == 3
    assert len(list((tmp_path / "long").glob("timing_stats_*"))) == 4


def test_no_node_starts_an_engine_where_nothing_need_be_measured(tmp_path):
    r = Turns(tmp_path, ([], {n: "x" for n in ("large", "long", "plain")}))
    codes, logs = two_nodes(r)
    assert codes == [Exit.DONE, Exit.DONE], logs
    assert "stage weights" not in "".join(logs)
