"""What the runner writes keeps the schemas in docs/schema, and the schemas refuse what they should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from schema import faults, load
from shardeck_runner.energy import energy_stats
from shardeck_runner.results import Iteration, timing_stats

ROOT = Path(__file__).resolve().parents[2]


def iteration(tpot=0.5):
    return Iteration(2.0, [1.0, 1.0], [tpot, tpot], [8, 8], [3, 3])


@pytest.mark.parametrize("traced", [[], [iteration()], [iteration(None)]])
def test_timing_stats_keep_the_schema(traced):
    stats = timing_stats([iteration(), iteration(None)], traced, 1 << 30)
    assert faults(json.loads(json.dumps(stats)), load("timing_stats")) == []


def test_every_key_of_timing_stats_is_in_the_schema():
    look = [[{"at": 1.0, "joules": 5.0, "clock": 1980}], [{"at": 3.0, "joules": 9.0, "clock": 1980}]]
    energy, without = energy_stats([look], 0), energy_stats([[[{"at": 1.0, "reason": "none"}]] * 2], 0)
    assert set(timing_stats([iteration()], [iteration()], 1, {**energy, **without})) == set(load("timing_stats")["properties"])


def test_recordings_keep_the_schema():
    found = sorted((ROOT / "testdata" / "recordings").rglob("timing_stats_*.json")) + \
        sorted((ROOT / "templates" / "demo").rglob("timing_stats_*.json"))
    assert found
    for path in found:
        assert faults(json.loads(path.read_text(encoding="utf-8")), load("timing_stats")) == [], path


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("timing_stats", {"unprofiled_ttft": [[-1.0]]}, "out of range"),
        ("timing_stats", {"unprofiled_ttft": "fast"}, "is no array"),
        ("timing_stats", {"unprofiled_iteration_times": [[1.0]]}, "is no number"),
        ("run", {"status": "done"}, "none of"),
        ("run", {"world_size": 0}, "out of range"),
        ("run", {"exit_code": True}, "is no integer"),
        ("run", {"speed": 1}, "unknown key"),
    ],
)
def test_the_schemas_refuse(name, change, says):
    good = {
        "timing_stats": timing_stats([iteration()], [], 0),
        "run": {"schema": 1, "runner": "x", "engine": "x", "experiment_id": "x", "status": "failed", "exit_code": 1,
                "start": "", "end": "", "world_size": 1, "timed_iterations": 0, "traced_iterations": 0, "traced_tokens": 0},
    }[name]
    assert faults(good, load(name)) == []
    assert any(says in f for f in faults({**good, **change}, load(name)))
