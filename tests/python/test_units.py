"""The runner's parts, each alone: prompts, bounds, times, arguments, files, causes."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import vllm_profiler as runner
from doubles.write_double import COMMON_ARGUMENTS, COMMON_VARIABLES, GENERATIONS

ROOT = Path(__file__).resolve().parents[2]


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
    return runner.parse_experiment(data)


def abilities(name):
    g = GENERATIONS[name]
    return runner.Abilities(
        frozenset([*COMMON_ARGUMENTS, *g.arguments]), frozenset([*COMMON_VARIABLES, *g.variables]), frozenset(g.profiler)
    )


def setup_for(e, name, kind=runner.MEASURE, place=None, moe=False):
    return runner.build_setup(e, abilities(name), place or runner.Place(), kind, "/traces", moe, e.model)


# Prompts


@pytest.mark.parametrize("length", [1, 2, 2048])
def test_prompts_have_exactly_the_length_and_differ(length):
    seen = set()
    for iteration in range(5):
        for prompt in runner.make_prompts(0, iteration, 8, length, 128256):
            assert len(prompt) == length
            assert all(runner.LOWEST_TOKEN <= t < runner.HIGHEST_TOKEN for t in prompt)
            seen.add(tuple(prompt))
    assert len(seen) == 40


def test_prompts_share_no_first_token():
    firsts = [p[0] for i in range(10) for p in runner.make_prompts(0, i, 256, 4, 128256)]
    assert len(set(firsts)) == len(firsts)


def test_prompts_repeat_for_the_same_seed_alone():
    assert runner.make_prompts(0, 1, 2, 64, 32000) == runner.make_prompts(0, 1, 2, 64, 32000)
    assert runner.make_prompts(0, 1, 2, 64, 32000) != runner.make_prompts(1, 1, 2, 64, 32000)


def test_prompts_stay_inside_a_small_vocabulary():
    assert max(t for p in runner.make_prompts(0, 0, 4, 100, 1000) for t in p) < 1000


# Bounds of the traced pass


def test_auto_stays_under_the_budget():
    plan = runner.plan_trace(experiment())
    assert (plan.iterations, plan.tokens) == (2, 124)
    assert plan.bytes <= runner.TRACE_BUDGET


def test_a_short_output_is_traced_whole():
    assert runner.plan_trace(experiment(data__max_tokens=4)).tokens == 4


def test_given_bounds_stand():
    plan = runner.plan_trace(experiment(profiling__trace_iterations=3, profiling__trace_tokens=400))
    assert (plan.iterations, plan.tokens) == (3, 400)
    assert plan.bytes > runner.TRACE_BUDGET


def test_stages_of_a_pipeline_trace_more_steps():
    assert runner.plan_trace(experiment(parallelism__pp=2)).tokens > runner.plan_trace(experiment()).tokens


def test_replicas_of_one_world_step_until_all_are_done():
    e = experiment(parallelism__tp=1, parallelism__dp_shard=2, data__max_tokens=64, profiling__trace_tokens=4)
    alone, world = runner.plan_trace(e, 27), runner.plan_trace(e, 27, together=32)
    assert world.tokens == alone.tokens == 4
    assert world.bytes == pytest.approx(51.8e6, rel=0.3)  # as two H100 wrote for 64 passes where 8 were needed
    auto = runner.plan_trace(experiment(parallelism__dp_shard=2), together=32)
    assert auto.bytes <= runner.TRACE_BUDGET


def test_a_huge_prefill_still_traces_two_tokens():
    plan = runner.plan_trace(experiment(data__batch_size=512, data__seq_len=32768))
    assert plan.tokens == 2


# Times


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class TimedEngineDouble:
    """Request 0 gives tokens at 1, 2, 3 s; request 1 at 2 and 5 s; handed over at 0 and 0.5 s."""

    def __init__(self, clock):
        self.clock, self.names = clock, []
        self.script = [(1.0, {0: 1}), (2.0, {0: 2, 1: 1}), (3.0, {0: 3}), (5.0, {1: 2})]

    def add_request(self, name, prompt, _params):
        self.names.append(name)
        assert list(prompt) == ["prompt_token_ids"]
        self.clock.now = 0.5 * len(self.names)

    def has_unfinished_requests(self):
        return bool(self.script)

    def step(self):
        self.clock.now, counts = self.script.pop(0)
        return [
            SimpleNamespace(request_id=self.names[i], outputs=[SimpleNamespace(token_ids=[1] * n)]) for i, n in counts.items()
        ]


def test_times_of_an_iteration():
    clock = Clock()
    got = runner.run_iteration(TimedEngineDouble(clock), [[1, 2], [3, 4, 5]], None, "x", clock)
    assert got.ttft == [1.0, 1.5]
    assert got.tpot == [1.0, 3.0]
    assert got.seconds == 5.0
    assert got.input_tokens == [2, 3]
    assert got.output_tokens == [3, 2]


def test_one_token_has_no_tpot():
    got = runner.summarize(0.0, {"a": 0.0}, {"a": 1.0}, {"a": 1.0}, {"a": 1}, [7])
    assert got.tpot == [None]
    assert runner.timing_stats([got], [], 0)["unprofiled_tpot"] == [[None]]


def test_a_silent_request_is_an_error_not_a_zero():
    with pytest.raises(runner.Failure, match="1 of 2 requests got no token"):
        runner.summarize(0.0, {"a": 0.0, "b": 0.0}, {"a": 1.0}, {"a": 1.0}, {"a": 1, "b": 0}, [1, 1])


def test_timing_stats_keep_the_two_passes_apart():
    timed = runner.Iteration(2.0, [0.1, 0.3], [0.01, None], [8, 8], [4, 1])
    traced = runner.Iteration(9.0, [1.0, 3.0], [0.5, 0.7], [8, 8], [2, 2])
    stats = runner.timing_stats([timed, timed], [traced], 123)
    assert stats["unprofiled_iteration_times"] == [2.0, 2.0]
    assert stats["unprofiled_ttft"] == [[0.1, 0.3], [0.1, 0.3]]
    assert stats["unprofiled_output_tokens"] == [[4, 1], [4, 1]]
    assert stats["iteration_times"] == [9.0]
    assert stats["ttft_avg"] == 2.0
    assert stats["ttft_p99"] == pytest.approx(2.98)
    assert stats["tpot_avg"] == pytest.approx(0.6)
    assert stats["peak_memory_bytes"] == 123
    json.dumps(stats, allow_nan=False)


def test_nothing_traced_leaves_no_key():
    stats = runner.timing_stats([runner.Iteration(2.0, [0.1], [None], [8], [1])], [], 0)
    assert set(stats) == {f"unprofiled_{k}" for k in ("iteration_times", "ttft", "tpot", "input_tokens", "output_tokens")}


# What a vLLM can do, and what it is given


@pytest.mark.parametrize("name", GENERATIONS)
def test_every_generation_gets_only_what_it_knows(name):
    s = setup_for(experiment(parallelism__pp=2, model__weights="dummy", model__layers=4), name)
    assert set(s.arguments) <= abilities(name).arguments
    assert s.arguments["tensor_parallel_size"] == 2
    assert s.arguments["pipeline_parallel_size"] == 2
    assert s.arguments["max_model_len"] == 2560
    assert s.arguments["enable_prefix_caching"] is False
    assert s.arguments["load_format"] == "dummy"
    assert s.arguments["hf_overrides"] == {"num_hidden_layers": 4}
    assert not s.missing


def test_profiler_by_environment():
    s = setup_for(experiment(), "environment")
    assert s.environment["VLLM_TORCH_PROFILER_DIR"] == "/traces"
    assert s.environment["VLLM_TORCH_PROFILER_WITH_STACK"] == "0"
    assert "profiler_config" not in s.arguments


@pytest.mark.parametrize("name", ["profiler_config", "coordinates"])
def test_profiler_by_config(name):
    s = setup_for(experiment(), name)
    config = s.arguments["profiler_config"]
    assert set(config) <= set(GENERATIONS[name].profiler)
    assert (config["profiler"], config["torch_profiler_dir"], config["torch_profiler_with_stack"]) == ("torch", "/traces", False)
    assert "VLLM_TORCH_PROFILER_DIR" not in s.environment


def test_no_profiler_at_all_is_said():
    able = runner.Abilities(frozenset(COMMON_ARGUMENTS), frozenset(), frozenset())
    s = runner.build_setup(experiment(), able, runner.Place(), runner.MEASURE, "/t", False, "m")
    assert "neither profiler_config" in s.missing[0]


def test_nsys_never_starts_the_torch_profiler():
    e = experiment(profiling__nsys=True)
    assert setup_for(e, "coordinates").arguments["profiler_config"] == {"profiler": "cuda"}
    assert "VLLM_TORCH_PROFILER_DIR" not in setup_for(e, "environment").environment


def test_the_execution_trace_is_eager_and_unprofiled():
    s = setup_for(experiment(), "coordinates", kind=runner.EXECUTION_TRACE)
    assert s.arguments["enforce_eager"] is True
    assert s.arguments["load_format"] == "dummy"
    assert "profiler_config" not in s.arguments


def test_expert_parallelism_is_passed(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    e = experiment(parallelism__tp=1, parallelism__dp_shard=2, parallelism__ep=2)
    s = setup_for(e, "coordinates", place=runner.Place(dp_rank=1, port=7), moe=True)
    assert s.arguments["enable_expert_parallel"] is True
    assert {k: s.environment[k] for k in s.environment if k.startswith("VLLM_DP")} == {
        "VLLM_DP_RANK": "1", "VLLM_DP_SIZE": "2", "VLLM_DP_MASTER_IP": "127.0.0.1", "VLLM_DP_MASTER_PORT": "7",
        "VLLM_DP_RANK_LOCAL": "1",
    }
    assert "CUDA_VISIBLE_DEVICES" not in s.environment
    able = abilities("coordinates")
    able = dataclasses.replace(able, environment=able.environment - {"VLLM_DP_RANK_LOCAL"})
    old = runner.build_setup(e, able, runner.Place(dp_rank=1), runner.MEASURE, "/t", True, "m")
    assert old.environment["CUDA_VISIBLE_DEVICES"] == "1"  # where the engine does not choose, we do


def test_dense_replicas_know_nothing_of_each_other(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    e = experiment(parallelism__dp_replicate=2)
    s = setup_for(e, "coordinates", place=runner.Place(dp_rank=1))
    assert s.environment["CUDA_VISIBLE_DEVICES"] == "6,7"
    assert not any(k.startswith("VLLM_DP") for k in s.environment)


def test_several_nodes():
    place = runner.Place(nodes=2, node=1, master="n1", port=9)
    s = setup_for(experiment(parallelism__tp=8), "coordinates", place=place)
    assert [s.arguments[k] for k in ("nnodes", "node_rank", "master_addr", "master_port")] == [2, 1, "n1", 9]
    assert [s.arguments[k] for k in ("max_num_batched_tokens", "max_num_seqs")] == [8192, 256]  # not each program's own
    assert "max_num_seqs" not in setup_for(experiment(), "coordinates").arguments
    with pytest.raises(runner.Failure, match="nnodes") as f:
        setup_for(experiment(parallelism__tp=8), "environment", place=place)
    assert f.value.code == runner.EXIT_SOFTWARE


SYMMETRIC, FLASHINFER = "VLLM_ALLREDUCE_USE_SYMM_MEM", "VLLM_ALLREDUCE_USE_FLASHINFER"


@pytest.mark.parametrize(
    ("name", "comm", "arguments", "environment"),
    [
        ("coordinates", {"all_reduce": "nccl"}, {"disable_custom_all_reduce": True}, {SYMMETRIC: "0", FLASHINFER: "0"}),
        ("coordinates", {"all_reduce": "custom"}, {}, {SYMMETRIC: "0", FLASHINFER: "0"}),
        ("coordinates", {"all_reduce": "symm_mem"}, {"disable_custom_all_reduce": True}, {SYMMETRIC: "1", FLASHINFER: "0"}),
        ("environment", {"all_reduce": "nccl"}, {"disable_custom_all_reduce": True}, {SYMMETRIC: "0"}),
        ("stacks", {"all_reduce": "nccl"}, {"disable_custom_all_reduce": True}, {}),
        ("coordinates", {"all2all": "deepep_low_latency"}, {"all2all_backend": "deepep_low_latency"}, {}),
        ("environment", {"all2all": "deepep_low_latency"}, {}, {"VLLM_ALL2ALL_BACKEND": "deepep_low_latency"}),
    ],
)
def test_communication(name, comm, arguments, environment):
    s = setup_for(experiment(comm=comm), name)
    assert arguments.items() <= s.arguments.items()
    assert {k: v for k, v in s.environment.items() if "ALLREDUCE" in k or "ALL2ALL" in k} == environment


def test_the_engine_chooses_the_all_reduce_where_nobody_asks():
    s = setup_for(experiment(), "coordinates")
    assert "disable_custom_all_reduce" not in s.arguments
    assert not any("ALLREDUCE" in k for k in s.environment)


def test_communication_that_cannot_be_had_is_refused():
    with pytest.raises(runner.Failure, match="symm_mem"):
        setup_for(experiment(comm={"all_reduce": "symm_mem"}), "stacks")


def test_the_user_has_the_last_word():
    e = experiment(vllm={"gpu_memory_utilization": 0.8, "max_model_len": 4096}, env={"NCCL_DEBUG": "INFO"})
    s = setup_for(e, "coordinates")
    assert (s.arguments["gpu_memory_utilization"], s.arguments["max_model_len"]) == (0.8, 4096)
    assert s.environment["NCCL_DEBUG"] == "INFO"
    with pytest.raises(runner.Failure, match="less than"):
        setup_for(experiment(vllm={"max_model_len": 2048}), "coordinates")
    with pytest.raises(runner.Failure, match="no such argument"):
        setup_for(experiment(vllm={"tensor_paralel_size": 2}), "coordinates")


def test_overrides_of_the_user_join_ours():
    s = setup_for(experiment(model__layers=4, vllm={"hf_overrides": {"vocab_size": 1000}}), "coordinates")
    assert s.arguments["hf_overrides"] == {"num_hidden_layers": 4, "vocab_size": 1000}


def test_a_large_batch_stays_one_batch():
    assert "max_num_seqs" not in setup_for(experiment(), "coordinates").arguments
    assert setup_for(experiment(data__batch_size=600), "coordinates").arguments["max_num_seqs"] == 600


def test_the_environment_of_the_job_stands(monkeypatch):
    monkeypatch.setenv("VLLM_WORKER_MULTIPROC_METHOD", "fork")
    assert "VLLM_WORKER_MULTIPROC_METHOD" not in setup_for(experiment(), "coordinates").environment


def test_options_of_the_other_nodes():
    line = runner.command_line({"model": "m", "tensor_parallel_size": 8, "enable_prefix_caching": False,
                                "enable_expert_parallel": True, "hf_overrides": {"num_hidden_layers": 4}})
    assert line == ["--tensor-parallel-size", "8", "--no-enable-prefix-caching", "--enable-expert-parallel",
                    "--hf-overrides", '{"num_hidden_layers": 4}']


def test_a_layout_in_name_only_is_refused():
    e = experiment(parallelism__ep=2)
    runner.check_layout(e, [{"engine": {"tensor_parallel_size": 2, "enable_expert_parallel": True}}], moe=True)
    with pytest.raises(runner.Failure, match="enable_expert_parallel = False"):
        runner.check_layout(e, [{"engine": {"enable_expert_parallel": False}}], moe=True)


def test_requests_spread_over_replicas():
    e = experiment(parallelism__dp_replicate=3, data__batch_size=8)
    assert [e.requests(r) for r in range(3)] == [3, 3, 2]


# Configs


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
    with pytest.raises(runner.Failure) as f:
        runner.read_config(str(path))
    assert f.value.code in (runner.EXIT_CONFIG, runner.EXIT_SOFTWARE)


def test_the_catalogue_is_readable():
    yaml = pytest.importorskip("yaml")
    entries = yaml.safe_load((ROOT / "templates" / "experiments.yaml").read_text(encoding="utf-8"))["experiments"]
    assert entries
    for entry in entries:
        runner.parse_experiment(entry)


# Files of the workers


def trace_file(folder, name, rank=None, packed=True, text=None):
    info = "" if rank is None else f'"distributedInfo": {{"backend": "nccl", "rank": {rank}, "world_size": 4}},'
    data = (text or f'{{ {info} "traceEvents": [], "traceName": "{name}" }}').encode()
    path = folder / (f"{name}.123.pt.trace.json" + (".gz" if packed else ""))
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize(
    ("name", "inside", "want"),
    [
        ("dp0_pp1_tp1_dcp0_ep1_rank3", None, 3),
        ("run7_dp0_pp0_tp0_dcp0_ep0_rank0", None, 0),
        ("instance-rank-2", None, 2),
        ("nid001234_998", 1, 1),
        ("nid001234_998", 5, 1),  # rank of the world, with replicas outermost
        ("nid001234_998", None, None),
        ("frank5_998", None, None),
    ],
)
def test_ranks_of_trace_files(tmp_path, name, inside, want):
    assert runner.rank_of(trace_file(tmp_path, name, inside), 4) == want


def test_the_only_trace_is_rank_0(tmp_path):
    assert runner.rank_of(trace_file(tmp_path, "host_1"), 1) == 0


def test_a_rank_behind_the_events_is_found(tmp_path):
    text = '{"traceEvents": [' + ",".join('{"ph": "X"}' for _ in range(20000)) + '], "distributedInfo": {"rank": 2}}'
    assert runner.rank_of(trace_file(tmp_path, "host_1", text=text), 4) == 2


def test_traces_are_renamed_by_global_rank(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    out.mkdir()
    trace_file(raw, "a-rank-1")
    trace_file(raw, "b-rank-0", packed=False)
    assert runner.collect_traces(raw, out, first_rank=4, count=2, patience=2.0) == []
    assert sorted(p.name for p in out.iterdir()) == ["kineto_trace_4.json.gz", "kineto_trace_5.json.gz"]
    assert "b-rank-0" in gzip.decompress((out / "kineto_trace_4.json.gz").read_bytes()).decode()
    assert not list(raw.iterdir())


def test_traces_named_by_the_rank_in_the_world(tmp_path):
    for rank in (2, 3):
        trace_file(tmp_path, f"a-rank-{rank}")
    assert runner.collect_traces(tmp_path, tmp_path, first_rank=2, count=2, patience=0.2) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kineto_trace_2.json.gz", "kineto_trace_3.json.gz"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a-rank-0"], "rank 1 wrote none"),
        (["a-rank-0", "b-rank-0"], "rank 0; left in"),
        (["a-rank-0", "b-rank-7"], "rank 7; left in"),
        (["a-rank-0", "b-rank-1", "c_1"], "rank unknown; left in"),
        ([], "rank 0 wrote none"),
    ],
)
def test_wrong_numbers_of_traces_are_said(tmp_path, names, says):
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    out.mkdir()
    for n in names:
        trace_file(raw, n)
    faults = runner.collect_traces(raw, out, 0, 2, patience=0.2)
    assert says in "\n".join(faults)


def test_a_cut_trace_is_kept_and_said(tmp_path):
    path = trace_file(tmp_path, "a-rank-0", text='{"traceEvents": [' + "1," * 5000 + "1]}")
    path.write_bytes(path.read_bytes()[:40])
    faults = runner.collect_traces(tmp_path, tmp_path, 0, 1, patience=0.2)
    assert faults == ["kineto_trace_0.json.gz: the file ends too early"]
    assert (tmp_path / "kineto_trace_0.json.gz").exists()


# Causes


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 96 MiB", runner.EXIT_MEMORY),
        ("ValueError: No available memory for the cache blocks. Try increasing", runner.EXIT_MEMORY),
        ("OSError: You are trying to access a gated repo.", runner.EXIT_MODEL),
        ("RuntimeError: No CUDA GPUs are available", runner.EXIT_GPUS),
        ("AssertionError: DP adjusted local rank 2 is out of bounds for 2 devices.", runner.EXIT_GPUS),
        ("RuntimeError: NCCL error: unhandled cuda error", runner.EXIT_COMM),
        ("ImportError: undefined symbol: _ZN3c10", runner.EXIT_SOFTWARE),
        ("RuntimeError: Engine core initialization failed. See root cause above.", runner.EXIT_WORKER),
    ],
)
def test_lines_that_tell_a_cause(line, code):
    assert runner.classify(line)[0] == code


def test_a_harmless_line_tells_none():
    assert runner.classify("INFO 01-01 12:00:00 Loading weights took 3.2 seconds") is None
    assert runner.classify("n1:37:37 [0] NCCL INFO dlvsym failed on mlx5dv_x - libmlx5.so: undefined symbol: mlx5dv_x") is None


def test_the_root_cause_beats_the_consequence():
    w = runner.Witness(lambda: None)
    w.read(b"RuntimeError: Engine core initialization failed. See root cause above.\n")
    w.read(b"torch.OutOfMemoryError: CUDA out")
    w.read(b" of memory.\rEngineDeadError\n")
    assert w.found[0] == runner.EXIT_MEMORY


def test_compiling_is_announced_once_and_only_while_loading():
    announced = []
    w = runner.Witness(lambda: announced.append(1))
    w.read(b"Capturing CUDA graphs: 1\nshardeck: stage weights\nCapturing CUDA graphs: 1\nCapturing CUDA graphs: 2\n")
    assert announced == [1]


# Words shared with the Go side


def test_stages_are_those_of_the_cockpit():
    text = (ROOT / "model" / "progress.go").read_text(encoding="utf-8")
    assert tuple(re.findall(r'Stage\w+\s+Stage = "([^"]+)"', text)) == runner.STAGES


def test_exit_codes_are_those_of_the_cockpit():
    text = (ROOT / "model" / "runinfo.go").read_text(encoding="utf-8")
    codes = {n.upper(): int(v) for n, v in re.findall(r"\tExit(\w+)\s+= (\d+)", text)}
    assert codes == {k[5:]: v for k, v in vars(runner).items() if re.fullmatch(r"EXIT_[A-Z]+", k)}


def test_gpus_are_counted_without_a_context(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,3")
    assert runner.count_gpus() == 3
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert runner.count_gpus() == 0


def test_place_from_slurm(monkeypatch):
    for k in list(os.environ):
        if k.startswith(("SLURM_", "MASTER_")):
            monkeypatch.delenv(k)
    monkeypatch.setenv("SLURM_NNODES", "4")
    monkeypatch.setenv("SLURM_NODEID", "2")
    monkeypatch.setenv("MASTER_ADDR", "nid001")
    a = runner.parse_arguments(["--config", "c", "--output-dir", "d"])
    assert runner.find_place(a) == runner.Place(4, 2, "nid001", 29501, 0)
    monkeypatch.setenv("SLURM_JOB_ID", "1002")
    assert runner.find_place(a).port == 29505
    monkeypatch.setenv("SLURM_NNODES", "1")
    assert runner.find_place(a).port != runner.find_place(a).port  # jobs may share a machine


# Models without a download

DENSE = {"name": "a/dense", "aliases": ["a/dense-it"], "hidden": 64, "layers": 4, "heads": 8, "kv_heads": 2, "head_dim": 8,
         "intermediate": 128, "vocab": 1024, "max_len": 4096}
EXPERTS = {"experts": 8, "top_k": 2, "intermediate": 32, "shared": 2, "dense_layers": 1}
LATENT = {"kv_lora_rank": 32, "q_lora_rank": 0, "rope_dim": 8, "nope_dim": 16, "v_dim": 12}


@pytest.mark.parametrize(
    ("parts", "family"),
    [
        ({}, "llama"), ({"qkv_bias": True}, "qwen2"), ({"qk_norm": True}, "qwen3"), ({"moe": EXPERTS}, "mixtral"),
        ({"moe": EXPERTS, "qk_norm": True}, "qwen3_moe"), ({"moe": EXPERTS, "mla": LATENT}, "deepseek_v2"),
    ],
)
def test_the_family_follows_from_the_parts(parts, family):
    config = runner.hub_config({**DENSE, **parts})
    assert config["model_type"] == family
    assert (config["hidden_size"], config["num_hidden_layers"], config["vocab_size"]) == (64, 4, 1024)


def test_experts_are_named_as_their_family_names_them():
    mixtral, qwen = (runner.hub_config({**DENSE, **p}) for p in ({"moe": EXPERTS}, {"moe": EXPERTS, "qk_norm": True}))
    assert (mixtral["num_local_experts"], mixtral["intermediate_size"]) == (8, 32)
    assert (qwen["num_experts"], qwen["moe_intermediate_size"], qwen["intermediate_size"]) == (8, 32, 128)


def test_latent_attention_and_shared_experts():
    c = runner.hub_config({**DENSE, "moe": EXPERTS, "mla": LATENT})
    assert (c["n_routed_experts"], c["n_shared_experts"], c["first_k_dense_replace"], c["num_experts_per_tok"]) == (8, 2, 1, 2)
    assert (c["kv_lora_rank"], c["q_lora_rank"], c["qk_rope_head_dim"], c["v_head_dim"]) == (32, None, 8, 12)
    assert "head_dim" not in c


def test_random_weights_need_no_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "known_shape", lambda name: DENSE if name == "a/dense-it" else None)
    e = experiment(model__name="a/dense-it", model__weights="dummy")
    runner.write_local_model(e, tmp_path)
    folder = runner.local_model(e, tmp_path)
    assert json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))["hidden_size"] == 64
    words = json.loads((Path(folder) / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert max(words.values()) == 1023  # the last token that a prompt may hold
    s = runner.build_setup(e, abilities("coordinates"), runner.Place(), runner.MEASURE, "/t", False, folder)
    assert s.arguments["model"] == folder


@pytest.mark.parametrize("changes", [{"model__weights": "auto"}, {"model__name": "b/unknown", "model__weights": "dummy"}])
def test_otherwise_the_model_is_the_hubs(tmp_path, monkeypatch, changes):
    monkeypatch.setattr(runner, "known_shape", lambda name: None if name == "b/unknown" else DENSE)
    e = experiment(**changes)
    runner.write_local_model(e, tmp_path)
    assert runner.local_model(e, tmp_path) == e.model


def test_shapes_are_read_from_the_engine_beside_the_runner(tmp_path, monkeypatch):
    text = Path(runner.__file__).with_name("torch_engine.py").read_text(encoding="utf-8")
    filled = text.replace('SHAPES = r"""[]"""', f'SHAPES = r"""{json.dumps([DENSE])}"""')
    (tmp_path / "torch_engine.py").write_text(filled, encoding="utf-8")
    monkeypatch.setattr(runner, "__file__", str(tmp_path / "vllm_profiler.py"))
    assert runner.known_shape("a/dense-it") == DENSE
    assert runner.known_shape("a/other") is None
    (tmp_path / "torch_engine.py").unlink()
    assert runner.known_shape("a/dense") is None


# The exception behind "a rank died"


def test_a_dead_rank_names_what_it_died_of():
    w = runner.Witness(lambda: None)
    w.read(b"(EngineCore pid=598) ERROR 11-25 02:11:02 [core.py:1231] AssertionError: Not enough allowed NUMA nodes\n"
           b"RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}\n")
    assert w.cause() == (runner.EXIT_WORKER, "a rank died of AssertionError: Not enough allowed NUMA nodes")


def test_a_missing_package_is_no_dead_rank():
    w = runner.Witness(lambda: None)
    w.read(b"(Worker_TP1 pid=3243) ERROR [multiproc_executor.py:898] ModuleNotFoundError: No module named 'flashinfer'\n"
           b"RuntimeError: Engine core initialization failed. See root cause above.\n")
    code, text = w.cause()
    assert code == runner.EXIT_SOFTWARE
    assert "No module named 'flashinfer'" in text


# Who is to blame


GLOO = "RuntimeError: [gloo/transport/tcp/pair.cc:545] Read error [127.0.0.1]:5: Connection reset by peer"


def ended(folder, rank, code, cause, returncode, by_us=False):
    """A process that has ended, with the part that it left."""
    part = runner.Part(runner.part_path(folder, runner.MEASURE, rank), code=code, cause=cause)
    part.path.parent.mkdir(exist_ok=True)
    part.save()
    return runner.Running(SimpleNamespace(returncode=returncode), rank, runner.Witness(lambda: None), None, by_us)


@pytest.mark.parametrize(
    ("children", "code", "says"),
    [
        # a neighbour sees the lost connection before anybody sees the process that is gone
        ([(0, 1, GLOO, 1), (1, 1, runner.UNFINISHED, -9)], runner.EXIT_WORKER, "rank 1 was ended by signal 9"),
        ([(0, runner.EXIT_COMM, "ranks could not", 8), (1, runner.EXIT_MEMORY, "out of GPU memory", 7)],
         runner.EXIT_MEMORY, "out of GPU memory"),
        ([(0, runner.EXIT_COMM, "ranks could not", 8), (1, 1, "ValueError: x", 1)], runner.EXIT_FAILED, "ValueError"),
        ([(1, runner.EXIT_COMM, "ranks could not", 8)], runner.EXIT_COMM, "ranks could not"),
        ([(1, 1, "ValueError: x", 1), (0, 1, runner.UNFINISHED, -9, True)], runner.EXIT_FAILED, "ValueError"),  # we ended it
    ],
)
def test_the_cause_is_of_the_process_that_tells_most(tmp_path, children, code, says):
    s = runner.Supervisor(dataclasses.replace(experiment(), engine="torch"), tmp_path / "c", tmp_path, runner.Place())
    s.blame(runner.MEASURE, [ended(tmp_path, *c) for c in children])
    assert s.failed is not None
    assert (s.failed[0], says in s.failed[1]) == (code, True), s.failed


@pytest.mark.parametrize(
    ("failed", "part", "code"),
    [
        ("rank 1 was ended by signal 9", (runner.EXIT_COMM, "ranks could not communicate"), runner.EXIT_WORKER),
        ("rank 1 was ended by signal 9", (runner.EXIT_MEMORY, "out of GPU memory"), runner.EXIT_MEMORY),
        ("a rank died: the log above says why", (runner.EXIT_COMM, "ranks could not communicate"), runner.EXIT_COMM),
    ],
)
def test_the_outcome_is_what_tells_most_of_the_blame_and_the_parts(tmp_path, failed, part, code):
    s = runner.Supervisor(experiment(), tmp_path / "c", tmp_path, runner.Place())
    s.failed = (runner.EXIT_WORKER, failed)
    assert s.outcome([runner.Part(tmp_path / "p", code=part[0], cause=part[1])], [])[0] == code


@pytest.mark.parametrize(("profiling", "code"), [
    ({"profiling__nsys": True}, runner.EXIT_TRACES),
    ({"profiling__kineto": True}, runner.EXIT_TRACES),
    ({"profiling__kineto": False}, runner.EXIT_DONE),  # where the reason is that nobody asked
])
def test_a_traced_pass_that_failed_is_no_complete_run(tmp_path, profiling, code):
    s = runner.Supervisor(experiment(**profiling), tmp_path / "c", tmp_path, runner.Place())
    assert s.outcome([runner.Part(tmp_path / "p", code=runner.EXIT_DONE)], ["traced pass: RuntimeError: no"])[0] == code


def test_a_process_that_hangs_as_it_leaves_is_ended():
    hangs = f"import sys; sys.path.insert(0, {str(Path(runner.__file__).parent)!r}); import threading, vllm_profiler as r; " \
            "r.LEAVING = 1; r.leave_in_time(); threading.Event().wait(60)"
    assert subprocess.run([sys.executable, "-c", hangs], timeout=30, check=False).returncode == -signal.SIGALRM


def test_a_process_that_fell_while_it_left_is_not_to_blame(tmp_path):
    s = runner.Supervisor(experiment(), tmp_path / "c", tmp_path, runner.Place())
    s.blame(runner.MEASURE, [ended(tmp_path, 0, runner.EXIT_DONE, "", -11)])
    assert s.failed is None


def test_a_lost_connection_is_no_fault_of_the_one_that_saw_it():
    assert runner.classify(GLOO)[0] == runner.EXIT_COMM
