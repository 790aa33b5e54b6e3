"""Whole runs of the runner as a process, with doubles for vLLM and torch on its path."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from doubles.write_double import GENERATIONS, write_double
from experiments import RUNNER, copy_runner
from schema import faults, load
from shardeck_runner.contract import Exit
from shardeck_runner.models import LOCAL_MODEL
from shardeck_runner.vllm_engine import ONE_BY_ONE

PROGRAM = RUNNER / "vllm_profiler.py"
CONFIG = {
    "experiment_id": "E1.2",
    "engine": "vllm",
    "model": {"name": "meta-llama/Llama-3.1-8B", "precision": "bfloat16"},
    "parallelism": {"tp": 2, "pp": 1, "dp_replicate": 1, "dp_shard": 1, "ep": 1},
    "data": {"batch_size": 3, "seq_len": 32, "max_tokens": 5},
    "warmup_iterations": 1,
    "profile_iterations": 3,
    "output_dir": "trace_collection/x",
}


TWO_REPLICAS = {
    "parallelism": {"tp": 2, "dp_shard": 2, "ep": 4},
    "data": {"batch_size": 4, "seq_len": 8, "max_tokens": 3},
}


class Run:
    """One start of the runner; the config is JSON, which needs no PyYAML."""

    def __init__(self, folder, generation="coordinates", config=(), gpus="0,1", program=PROGRAM, **environment):
        self.out = folder / "out"
        config = {**CONFIG, **dict(config)}
        path = folder / "config.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        doubles = write_double(folder / "doubles", generation)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "VLLM_", "DOUBLE_"))}
        self.environment = {**clean, "PYTHONPATH": str(doubles), "CUDA_VISIBLE_DEVICES": gpus,
                            "PYTHONDONTWRITEBYTECODE": "1", "SHARDECK_PATIENCE": "0.02", **environment}
        self.command = [sys.executable, str(program), "--config", str(path), "--output-dir", str(self.out)]
        self.log = ""

    def start(self, **environment):
        return subprocess.Popen(self.command, env={**self.environment, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def go(self):
        done = subprocess.run(self.command, env=self.environment, capture_output=True, text=True, timeout=60)
        self.log = done.stdout + done.stderr
        return done.returncode

    def read(self, name):
        """A file of the run; it keeps its schema however the run ended."""
        data = json.loads((self.out / name).read_text(encoding="utf-8"))
        assert faults(data, load("run" if name == "run.json" else "timing_stats")) == []
        return data

    def names(self):
        return sorted(p.name for p in self.out.iterdir())


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_whole_run(tmp_path, generation):
    r = Run(tmp_path, generation)
    assert r.go() == Exit.DONE, r.log
    newest = ["capture_traces", "light"] if generation == "activities" else []
    assert [n for n in r.names() if n not in newest] == [
        "config.yaml", "kineto_trace_0.json.gz", "kineto_trace_1.json.gz", "run.json",
        "timing_stats_0.json", "timing_stats_1.json", "torch_et_0.json.gz", "torch_et_1.json.gz",
    ]
    assert (r.out / "config.yaml").read_text() == (tmp_path / "config.yaml").read_text()
    for rank in (0, 1):
        trace = json.loads(gzip.decompress((r.out / f"kineto_trace_{rank}.json.gz").read_bytes()))
        assert trace["distributedInfo"]["rank"] == rank
    stats = r.read("timing_stats_1.json")
    assert [len(t) for t in stats["unprofiled_ttft"]] == [3, 3, 3]
    assert stats["unprofiled_output_tokens"] == [[5, 5, 5]] * 3
    assert stats["unprofiled_input_tokens"] == [[32, 32, 32]] * 3
    assert len(stats["iteration_times"]) == 2
    info = r.read("run.json")
    assert (info["status"], info["exit_code"], info["world_size"]) == ("complete", 0, 2)
    assert (info["timed_iterations"], info["traced_iterations"], info["traced_tokens"]) == (3, 2, 5)
    assert info["effective"]["engine"]["tensor_parallel_size"] == 2
    assert "missing" not in info
    assert any("times the time of the untraced" in n for n in info["notes"])
    assert (ONE_BY_ONE in info["notes"]) != GENERATIONS[generation].holds
    assert stats["energy_reason"] == "there is no GPU"
    assert ("light_trace" in info, "capture_traces" in info) == (bool(newest), bool(newest))


def unpacked(path):
    return json.loads(gzip.decompress(path.read_bytes()))


def test_the_newest_release_is_traced_lightly_too(tmp_path):
    """And its graphs as they are captured. After the documentation of 0.33: no such release has run here."""
    r = Run(tmp_path, "activities")
    assert r.go() == Exit.DONE, r.log
    info = r.read("run.json")
    assert (info["light_trace"]["folder"], info["light_trace"]["tokens"]) == ("light", 5)
    assert {rank: (unpacked(r.out / f"kineto_trace_{rank}.json.gz")["activities"],
                   unpacked(r.out / "light" / f"kineto_trace_{rank}.json.gz")["activities"]) for rank in (0, 1)} == \
        dict.fromkeys((0, 1), (["CPU", "CUDA"], ["CUDA"]))
    assert info["capture_traces"] == ["capture_traces/graph_capture_rank_0.json.gz"]
    assert unpacked(r.out / info["capture_traces"][0]) == {"traceEvents": []}


@pytest.mark.parametrize(("environment", "says"), [({}, "its own weights"), ({"DOUBLE_EXPERTS": "refused"}, "random weights")])
def test_the_second_engine_tells_the_experts(tmp_path, environment, says):
    shape = {"name": "tiny/mixtral", "hidden": 64, "layers": 1, "heads": 8, "kv_heads": 2, "head_dim": 8, "intermediate": 128,
             "vocab": 1024, "moe": {"experts": 4, "top_k": 2, "intermediate": 32, "shared": 0, "dense_layers": 0}}
    config = {"model": {"name": "tiny/mixtral"}, "parallelism": {"tp": 2, "ep": 2}}
    r = Run(tmp_path, "activities", config, program=copy_runner(tmp_path / "experiments", [shape]), **environment)
    assert r.go() == Exit.DONE, r.log
    notes = r.read("run.json")["notes"]
    assert any(n.startswith("execution trace: eager, " + says) for n in notes)
    assert "torch_et_0.json.gz" in r.names()
    if environment:
        assert "experts: routed experts need the other model runner" in notes and "experts_0.json" not in r.names()
        return
    assert json.loads((r.out / "experts_0.json").read_text()) == {
        "schema": 1, "engine": "vllm", "experts": 4, "top_k": 2, "random_router": False, "owner": [0, 0, 1, 1], "layers": [0],
        "steps": [{"phase": "prefill", "tokens": 6, "counts": [[3, 6, 3, 0]]},
                  {"phase": "decode", "tokens": 3, "counts": [[3, 0, 0, 3]]}]}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_random_weights_of_a_known_shape(tmp_path, generation):
    """Nothing is fetched, and the releases that load a tokenizer all the same find one."""
    shape = {"name": "tiny/dense", "hidden": 64, "layers": 4, "heads": 8, "kv_heads": 2, "head_dim": 8,
             "intermediate": 128, "vocab": 1024}
    model = {"name": "tiny/dense", "precision": "bfloat16", "weights": "dummy"}
    r = Run(tmp_path, generation, config={"model": model}, program=copy_runner(tmp_path / "experiments", [shape]))
    assert r.go() == Exit.DONE, r.log
    assert r.read("run.json")["effective"]["asked"]["model"].endswith(LOCAL_MODEL)


def test_the_lines_the_cockpit_reads(tmp_path):
    r = Run(tmp_path)
    assert r.go() == 0, r.log
    lines = [line[len("shardeck: "):] for line in r.log.splitlines() if line.startswith("shardeck: ")]
    stamped = [line for line in lines if line.startswith(("stage ", "iteration "))]
    assert all(re.search(r", \d\d-\d\d \d\d:\d\d:\d\d$", line) for line in stamped), stamped
    assert [re.sub(r", \d\d-\d\d [\d:]{8}$", "", line) for line in lines] == [
        "stage environment", "stage weights", "stage warm-up", "iteration 1 of 1 warm-up",
        "stage timing", *(f"iteration {i} of 3 timing" for i in (1, 2, 3)),
        "stage profiling", "traced pass: 2 of 3 iterations, 5 of 5 output tokens each, about 14 MB a rank before compression",
        *(f"iteration {i} of 2 profiling" for i in (1, 2)),
        "stage writing traces", "execution trace: a second engine, eager, random weights", "stage done",
    ]


def test_expert_parallel_replicas(tmp_path):
    r = Run(tmp_path, config={"parallelism": {"tp": 1, "dp_shard": 2, "ep": 2}})
    assert r.go() == 0, r.log
    assert [n for n in r.names() if n.startswith("kineto")] == ["kineto_trace_0.json.gz", "kineto_trace_1.json.gz"]
    first, second = r.read("timing_stats_0.json"), r.read("timing_stats_1.json")
    assert [len(t) for t in first["unprofiled_ttft"]] == [2, 2, 2]  # 3 requests over 2 replicas
    assert [len(t) for t in second["unprofiled_ttft"]] == [1, 1, 1]
    info = r.read("run.json")
    assert info["effective"]["engine"]["data_parallel_size"] == 2
    assert info["effective"]["asked"]["enable_expert_parallel"] is True
    assert r.log.count("shardeck: stage timing") == 1


def two_nodes(r):
    """Runs the same command as two tasks of one job; returns their exit codes and logs."""
    nodes = [r.start(SLURM_NNODES="2", SLURM_NODEID=str(n), MASTER_ADDR="127.0.0.1") for n in (1, 0)]
    logs = [p.communicate(timeout=60)[0] for p in nodes]
    return [p.returncode for p in reversed(nodes)], list(reversed(logs))


def test_replicas_on_two_nodes(tmp_path):
    r = Run(tmp_path, config=TWO_REPLICAS)
    codes, logs = two_nodes(r)
    assert codes == [0, 0], logs
    assert [n for n in r.names() if n.startswith("kineto")] == [f"kineto_trace_{i}.json.gz" for i in range(4)]
    assert [n for n in r.names() if n.startswith("timing")] == [f"timing_stats_{i}.json" for i in range(4)]
    info = r.read("run.json")
    assert (info["status"], info["world_size"], info["traced_iterations"]) == ("complete", 4, 2)
    assert "stage timing" in logs[0]
    assert "stage timing" not in logs[1]


def test_a_replica_over_two_nodes(tmp_path):
    r = Run(tmp_path, config={"parallelism": {"tp": 4}})
    tool = tmp_path / "bin" / "vllm"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho \"$@\" > \"$0.called\"\nexec sleep 600\n")  # headless workers serve until they are ended
    tool.chmod(0o755)
    r.environment["PATH"] = f"{tool.parent}:{r.environment['PATH']}"
    codes, logs = two_nodes(r)
    assert codes == [0, 0], logs
    called = (tmp_path / "bin" / "vllm.called").read_text()
    assert "--headless" in called
    assert "--nnodes 2 --node-rank 1 --master-addr 127.0.0.1" in called
    assert [n for n in r.names() if n.startswith("torch_et")] == [f"torch_et_{i}.json.gz" for i in range(4)]


@pytest.mark.parametrize(
    ("last_word", "left", "code", "says"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.", 3, Exit.MEMORY, "out of GPU memory"),
        ("Executor: all workers exited gracefully", 0, Exit.WORKER, "ended with exit code 0"),
    ],
)
def test_workers_that_are_gone_on_another_node_end_the_run(tmp_path, last_word, left, code, says):
    r = Run(tmp_path, config={"parallelism": {"tp": 4}}, DOUBLE_FAIL="hang")  # as a head does that waits for them
    tool = tmp_path / "bin" / "vllm"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\necho '{last_word}'\nexit {left}\n")
    tool.chmod(0o755)
    r.environment["PATH"] = f"{tool.parent}:{r.environment['PATH']}"
    codes, logs = two_nodes(r)
    assert codes == [code, code], logs
    assert says in r.read("run.json")["cause"]


def test_a_node_that_fails_ends_the_others(tmp_path):
    r = Run(tmp_path, config=TWO_REPLICAS)
    nodes = [r.start(SLURM_NNODES="2", SLURM_NODEID="0", MASTER_ADDR="127.0.0.1"),
             r.start(SLURM_NNODES="2", SLURM_NODEID="1", MASTER_ADDR="127.0.0.1", DOUBLE_FAIL="oom")]
    logs = [p.communicate(timeout=60)[0] for p in nodes]
    assert nodes[1].returncode == Exit.MEMORY, logs
    assert nodes[0].returncode in (Exit.MEMORY, Exit.WORKER), logs
    assert r.read("run.json")["status"] == "failed"


@pytest.mark.parametrize(
    ("environment", "code", "says"),
    [
        ({"DOUBLE_FAIL": "oom"}, Exit.MEMORY, "out of GPU memory"),
        ({"DOUBLE_FAIL": "gated"}, Exit.MODEL, "the model cannot be had"),
        ({"DOUBLE_FAIL": "die"}, Exit.WORKER, "ended by signal 9"),
    ],
)
def test_failures_have_a_cause(tmp_path, environment, code, says):
    r = Run(tmp_path, **environment)
    assert r.go() == code, r.log
    info = r.read("run.json")
    assert (info["status"], info["exit_code"]) == ("failed", code)
    assert says in info["cause"]
    assert "timing: 0 of 3 iterations were done" in info["missing"]
    assert r.names() == ["config.yaml", "run.json"]


def test_a_layout_that_did_not_happen(tmp_path):
    r = Run(tmp_path, config={"parallelism": {"tp": 2, "ep": 2}}, DOUBLE_FAIL="layout")
    assert r.go() == Exit.SOFTWARE, r.log
    assert "enable_expert_parallel = False" in r.read("run.json")["cause"]


@pytest.mark.parametrize(
    ("how", "says"), [("lost", "rank 1 wrote none"), ("cut", "ends too early"), ("refused", "Profiling is not enabled")]
)
def test_traces_that_are_not_there(tmp_path, how, says):
    r = Run(tmp_path, DOUBLE_TRACES=how)
    assert r.go() == Exit.TRACES, r.log
    info = r.read("run.json")
    assert any(says in m for m in info["missing"])
    assert info["status"] == "partial"
    assert info["timed_iterations"] == 3
    assert (r.out / "timing_stats_0.json").exists()


def test_sigterm_keeps_what_was_measured(tmp_path):
    r = Run(tmp_path, config={"profile_iterations": 200}, DOUBLE_STEP="0.02")
    process = r.start()
    for line in process.stdout:
        if line.startswith("shardeck: iteration 2 of 200 timing"):
            break
    process.send_signal(signal.SIGTERM)
    log = process.stdout.read()
    assert process.wait(timeout=30) == Exit.PARTIAL, log
    info = r.read("run.json")
    assert info["status"] == "partial"
    assert "SIGTERM" in info["cause"]
    assert 2 <= info["timed_iterations"] < 200
    assert len(r.read("timing_stats_0.json")["unprofiled_iteration_times"]) == info["timed_iterations"]
    assert any(m.startswith("traces: 0 of 2") for m in info["missing"])
    assert "shardeck: SIGTERM: writing what was measured" in log


def test_sigterm_while_the_engine_loads(tmp_path):
    r = Run(tmp_path, DOUBLE_FAIL="hang")
    process = r.start()
    for line in process.stdout:
        if line.startswith("shardeck: stage weights"):
            break
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    assert process.wait(timeout=30) == Exit.PARTIAL
    assert time.monotonic() - began < 15
    assert r.read("run.json")["status"] == "failed"


def test_nsys_leaves_the_profilers_alone(tmp_path):
    r = Run(tmp_path, "environment", config={"profiling": {"nsys": True}})
    assert r.go() == 0, r.log
    assert not [n for n in r.names() if n.startswith(("kineto", "torch_et"))]
    info = r.read("run.json")
    assert any("not together with nsys" in m for m in info["missing"])
    assert info["traced_iterations"] == len(r.read("timing_stats_0.json")["iteration_times"]) > 0
    assert r.log.count("cudaProfilerStart") == r.log.count("cudaProfilerStop") == 2  # one a worker


def test_what_is_turned_off_is_said(tmp_path):
    r = Run(tmp_path, config={"profiling": {"kineto": False, "execution_trace": False}})
    assert r.go() == 0, r.log
    missing = r.read("run.json")["missing"]
    assert missing == ["execution trace: profiling.execution_trace is off", "traces: profiling.kineto is off"]


@pytest.mark.parametrize(
    ("change", "gpus", "code", "says"),
    [
        ({}, "0", Exit.GPUS, "1 GPUs are visible"),
        ({}, "", Exit.GPUS, "0 GPUs are visible"),
        ({"engine": "replay"}, "0,1", Exit.SOFTWARE, "shardeck replay"),
        ({"parallelism": {"tp": 2, "ep": 4}}, "0,1", Exit.CONFIG, "1 or 2, not 4"),
    ],
)
def test_refusals_write_nothing(tmp_path, change, gpus, code, says):
    r = Run(tmp_path, config=change, gpus=gpus)
    assert r.go() == code, r.log
    assert says in r.log
    assert not r.out.exists()


def test_without_vllm(tmp_path):
    r = Run(tmp_path)
    r.environment["PYTHONPATH"] = ""
    if subprocess.run([sys.executable, "-c", "import vllm"], capture_output=True).returncode == 0:
        pytest.skip("vLLM is installed here")
    assert r.go() == Exit.SOFTWARE, r.log
    assert "vLLM is not installed" in r.read("run.json")["cause"]


def test_a_run_is_never_overwritten(tmp_path):
    r = Run(tmp_path)
    r.out.mkdir()
    (r.out / "timing_stats_0.json").write_text("mine")
    assert r.go() == Exit.CONFIG, r.log
    assert "holds a run already" in r.log
    assert r.names() == ["timing_stats_0.json"]


def test_only_one_task_of_a_node_works(tmp_path):
    r = Run(tmp_path, SLURM_LOCALID="1")
    assert r.go() == 0
    assert not r.out.exists()


@pytest.mark.parametrize("lost", ["shardeck_runner", "shardeck_runner/results.py"])
def test_a_runner_that_is_not_whole_says_so(tmp_path, lost):
    program = copy_runner(tmp_path / "experiments")
    (program.parent / lost).rename(tmp_path / "elsewhere")
    r = Run(tmp_path, program=program)
    assert r.go() == Exit.SOFTWARE, r.log
    assert f"{lost.removesuffix('.py').replace('/', '.')} is not in {program.parent}: `shardeck generate` writes" in r.log


def test_it_starts_where_python_looks_in_no_folder_of_its_own(tmp_path):
    r = Run(tmp_path, program=copy_runner(tmp_path / "experiments"), PYTHONSAFEPATH="1")
    assert r.go() == 0, r.log
