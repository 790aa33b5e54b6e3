"""Experiments for tests, and the runner as a workspace has it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from shardeck_runner.experiment import parse_experiment

RUNNER = Path(__file__).resolve().parents[2] / "templates" / "runner"


def experiment(**changes):
    data = {
        "experiment_id": "E1.2",
        "model": {"name": "meta-llama/Llama-3.1-8B"},
        "parallelism": {"tp": 2},
        "data": {"batch_size": 4, "seq_len": 2048, "max_tokens": 512},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = data
        for p in parents:
            place = place.setdefault(p, {})
        place[last] = value
    return parse_experiment(data)


def copy_runner(folder, models=()):
    """Lays the runner out as a workspace has it, in folder; returns the program."""
    shutil.copytree(RUNNER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "shardeck_runner" / "models.json").write_text(json.dumps(list(models)), encoding="utf-8")
    return folder / "vllm_profiler.py"
