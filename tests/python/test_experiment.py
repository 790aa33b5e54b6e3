"""Configs, and the nodes of a job."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from experiments import experiment
from shardeck_runner.contract import Exit, Failure
from shardeck_runner.experiment import parse_experiment, read_config
from shardeck_runner.main import parse_arguments
from shardeck_runner.rendezvous import Rendezvous, count_gpus, find_rendezvous

ROOT = Path(__file__).resolve().parents[2]


def test_requests_spread_over_replicas():
    e = experiment(parallelism__dp_replicate=3, data__batch_size=8)
    assert [e.requests(r) for r in range(3)] == [3, 3, 2]


def test_hidden_variables_are_those_of_the_job(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_word")
    monkeypatch.delenv("API_KEY", raising=False)
    e = experiment(env={"HF_TOKEN": "***", "API_KEY": "***", "NCCL_DEBUG": "INFO"})
    assert e.env == {"HF_TOKEN": "hf_word", "NCCL_DEBUG": "INFO"}
    assert e.secrets == ["hf_word"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"parallelism__tp": 0}, "parallelism.tp"),
        ({"parallelism__tp": "two"}, "parallelism.tp"),
        ({"parallelism__tp": True}, "parallelism.tp"),
        ({"parallelism__ep": 3}, "1 or 2, not 3"),
        ({"data__seq_len": -5}, "data.seq_len"),
        ({"data__max_tokens": 10**12}, "data.max_tokens"),
        ({"model__name": ""}, "model.name is missing"),
        ({"model__weights": "random"}, "auto, dummy"),
        ({"profiling__kineto": "yes"}, "profiling.kineto"),
        ({"profiling__trace_tokens": "some"}, "profiling.trace_tokens"),
        ({"parallelism__dp_replicate": 8}, "do not reach 8 replicas"),
        ({"vllm": 3}, "vllm"),
    ],
)
def test_bad_values_name_their_key(change, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        experiment(**change)


@pytest.mark.parametrize("text", ["", "[1, 2]", "\x00", '{"model": '])
def test_a_file_that_is_no_config(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Failure) as f:
        read_config(str(path))
    assert f.value.code in (Exit.CONFIG, Exit.SOFTWARE)


def test_the_catalogue_is_readable():
    yaml = pytest.importorskip("yaml")
    entries = yaml.safe_load((ROOT / "templates" / "experiments.yaml").read_text(encoding="utf-8"))["experiments"]
    assert entries
    for entry in entries:
        parse_experiment(entry)


def test_gpus_are_counted_without_a_context(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,3")
    assert count_gpus() == 3
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert count_gpus() == 0


def test_place_from_slurm(monkeypatch):
    for k in list(os.environ):
        if k.startswith(("SLURM_", "MASTER_")):
            monkeypatch.delenv(k)
    monkeypatch.setenv("SLURM_NNODES", "4")
    monkeypatch.setenv("SLURM_NODEID", "2")
    monkeypatch.setenv("MASTER_ADDR", "nid001")
    a = parse_arguments(["--config", "c", "--output-dir", "d"])
    assert find_rendezvous(a) == Rendezvous(4, 2, "nid001", 29501, 0)
    monkeypatch.setenv("SLURM_JOB_ID", "1002")
    assert find_rendezvous(a).port == 29505
    monkeypatch.setenv("SLURM_NNODES", "1")
    assert find_rendezvous(a).port != find_rendezvous(a).port  # jobs may share a machine
