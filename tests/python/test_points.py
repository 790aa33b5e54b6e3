"""Several experiments that one engine serves, with the doubles of vLLM."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from experiments import RUNNER, experiment
from schema import faults, load
from shardeck_runner.contract import Exit, Failure
from shardeck_runner.outcome import conclude
from shardeck_runner.points import Point, engine_size
from shardeck_runner.results import ProcessResult
from test_runs import CONFIG, TWO_REPLICAS, Run, two_nodes

# What the job script gives: the folder of a point that is measured, whole or in part, gets its name.
PUBLISH = 'case $1 in 0 | 3 | 10) mv -T -- "$2" "$3" ;; esac'

WORKLOADS = {
    "large": {"data": {"batch_size": 6, "seq_len": 8, "max_tokens": 3}},
    "long": {"data": {"batch_size": 1, "seq_len": 64, "max_tokens": 5}, "profile_iterations": 2},
    "plain": {"profiling": {"kineto": False, "execution_trace": False}},
}


class Points(Run):
    """One start of the runner over several workloads."""

    def __init__(self, folder, workloads=WORKLOADS, **environment):
        super().__init__(folder, SHARDECK_PUBLISH=PUBLISH, SHARDECK_JOB_ID="77", **environment)
        entries = []
        for name, change in workloads.items():
            config = folder / f"{name}.yaml"
            config.write_text(json.dumps({**CONFIG, "experiment_id": name, **change}), encoding="utf-8")
            entries.append({"config": str(config), "name": str(folder / name)})
        (folder / "points.json").write_text(json.dumps(entries), encoding="utf-8")
        at = self.command.index("--config")
        self.command[at:at + 2] = ["--points", str(folder / "points.json")]
        self.folder = folder

    def info(self, name):
        data = json.loads((self.folder / name / "run.json").read_text(encoding="utf-8"))
        assert faults(data, load("run")) == []
        return data

    def engines(self):
        """How often an engine was started."""
        return self.log.count("shardeck: stage weights")

    def measured(self):
        return sorted(n for n in WORKLOADS if (self.folder / n).exists())


def test_one_engine_measures_all(tmp_path):
    r = Points(tmp_path)
    assert r.go() == Exit.DONE, r.log
    assert r.engines() == 1
    assert sorted(p.name for p in (tmp_path / "large").iterdir()) == [
        ".job", "config.yaml", "kineto_trace_0.json.gz", "kineto_trace_1.json.gz", "run.json",
        "timing_stats_0.json", "timing_stats_1.json", "torch_et_0.json.gz", "torch_et_1.json.gz",
    ]
    assert sorted(p.name for p in (tmp_path / "plain").iterdir()) == [
        ".job", "config.yaml", "run.json", "timing_stats_0.json", "timing_stats_1.json"]
    stats = json.loads((tmp_path / "large" / "timing_stats_0.json").read_text())
    assert [len(t) for t in stats["unprofiled_ttft"]] == [6, 6, 6]
    assert stats["unprofiled_input_tokens"] == [[8] * 6] * 3
    info = r.info("long")
    assert (info["status"], info["timed_iterations"], info["experiment_id"]) == ("complete", 2, "long")
    assert info["effective"]["asked"]["max_model_len"] == 69
    assert info["shared_engine"] == {"position": 2, "points": ["large", "long", "plain"],
                                     "sized_for": {"batch_size": 6, "sequence_length": 69}}
    assert "missing" not in info
    assert not list(tmp_path.glob("*.tmp-77"))
    assert re.findall(r"shardeck: point (\d of \d: \w+)", r.log)[:3] == ["1 of 3: large", "2 of 3: long", "3 of 3: plain"]


def test_a_point_is_named_as_soon_as_it_is_measured(tmp_path):
    r = Points(tmp_path, DOUBLE_STEP="0.05")
    process = r.start()
    for line in process.stdout:
        if line.startswith("shardeck: point 3 of 3"):
            break
    assert (tmp_path / "large").exists()
    assert r.info("large")["status"] == "complete"
    process.send_signal(signal.SIGTERM)
    log = process.stdout.read()
    assert process.wait(timeout=30) == Exit.PARTIAL, log
    assert (tmp_path / "long").exists(), log


@pytest.mark.parametrize(("how", "engines", "code"),
                         [("refuse", 1, Exit.FAILED), ("oom", 2, Exit.MEMORY), ("die", 2, Exit.WORKER)])
def test_a_point_that_fails_is_that_points_failure(tmp_path, how, engines, code):
    """The engine goes on if it can, and is started again if not."""
    r = Points(tmp_path, DOUBLE_LARGE=f"6:{how}")
    assert r.go() == code, r.log
    assert r.engines() == engines
    assert r.measured() == ["long", "plain"]
    info = r.info("large.tmp-77")
    assert (info["status"], info["exit_code"]) == ("failed", code)
    assert r.info("long")["status"] == "complete"


def test_an_engine_that_does_not_start_leaves_no_folders(tmp_path):
    r = Points(tmp_path, DOUBLE_FAIL="oom")
    assert r.go() == Exit.MEMORY, r.log
    assert r.measured() == []
    assert not list(tmp_path.glob("*.tmp-77"))
    assert "large was not run: out of GPU memory" in r.log


def test_a_requeued_job_measures_only_what_is_left(tmp_path):
    r = Points(tmp_path)
    assert r.go() == Exit.DONE, r.log
    before = os.stat(tmp_path / "large" / "run.json").st_mtime_ns
    subprocess.run(["rm", "-r", str(tmp_path / "long"), str(r.out)], check=True)
    assert r.go() == Exit.DONE, r.log
    assert os.stat(tmp_path / "large" / "run.json").st_mtime_ns == before
    assert "shared_engine" not in r.info("long")


def test_engines_side_by_side_share_the_cores(tmp_path):
    all_cores = sorted(os.sched_getaffinity(0))
    program = "import os; from shardeck_runner.processes import take_share_of_cores as t; t(os.environ['SHARDECK_LANE']); " \
              "print(*sorted(os.sched_getaffinity(0)))"
    def of(lane):
        environment = {**os.environ, "SHARDECK_LANE": lane, "PYTHONPATH": str(RUNNER)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        return [int(c) for c in done.stdout.split()]
    assert of("") == of("0/1") == of("x") == all_cores
    shares = [of(f"{i}/2") for i in range(2)]
    if len(all_cores) > 1:
        assert not set(shares[0]) & set(shares[1])
        assert set(shares[0]) | set(shares[1]) <= set(all_cores)


@pytest.mark.parametrize(("position", "own"), [(1, False), (2, True)])
def test_a_point_begins_at_its_turn_and_the_first_with_the_engine(tmp_path, position, own):
    p = Point(experiment(), tmp_path / "c.yaml", tmp_path)
    p.record.started, p.shared = "2026-01-01T00:00:00.000Z", {"position": position, "points": ["a", "b"]}
    result = ProcessResult(tmp_path / "engine_0.json").begin(tmp_path / "measure_0.json")
    p.results = [result]
    conclude(p)
    info = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert info["start"] == (result.started if own else p.record.started)
    assert result.started > "2026-01-01T00:00:00.000Z"


def test_points_that_need_other_engines_are_refused():
    points = [Point(experiment(parallelism__tp=n), None, None) for n in (1, 2)]
    with pytest.raises(Failure, match="needs another engine than E1.2: tp differ"):
        engine_size(points)


def test_the_engine_is_built_for_the_longest_point_not_for_parts_of_two():
    prompts = experiment(data__seq_len=4096, data__max_tokens=8)
    outputs = experiment(data__seq_len=16, data__max_tokens=1024, data__batch_size=64)
    size = engine_size([Point(prompts, None, None), Point(outputs, None, None)])
    assert (size.seq_len + size.max_tokens, size.batch_size) == (4104, 64)


def test_points_of_replicas_on_two_nodes_have_the_files_of_both(tmp_path):
    """Execution traces too, but for the point that asks for none: the first node says which points get one."""
    r = Points(tmp_path, workloads={name: {**TWO_REPLICAS, **change} for name, change in {
        "large": {"data": {"batch_size": 6, "seq_len": 8, "max_tokens": 3}}, "plain": WORKLOADS["plain"]}.items()})
    codes, logs = two_nodes(r)
    assert codes == [Exit.DONE, Exit.DONE], logs
    for name, traces in [("large", 4), ("plain", 0)]:
        names = {f.name for f in (tmp_path / name).iterdir()}
        assert {n for n in names if n.startswith("torch_et")} == {f"torch_et_{i}.json.gz" for i in range(traces)}, logs
        assert {n for n in names if n.startswith("timing")} == {f"timing_stats_{i}.json" for i in range(4)}, logs
    assert "missing" not in r.info("large")
