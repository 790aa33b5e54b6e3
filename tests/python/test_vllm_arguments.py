"""What a vLLM can do, and what it is given."""

from __future__ import annotations

import dataclasses

import pytest
from doubles.write_double import COMMON_ARGUMENTS, GENERATIONS
from experiments import experiment
from generations import abilities, setup_for
from shardeck_runner.contract import EXECUTION_TRACE, MEASURE, Exit, Failure
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.vllm_arguments import Abilities, build_setup, command_line
from shardeck_runner.vllm_engine import check_layout


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
    able = Abilities(frozenset(COMMON_ARGUMENTS), frozenset(), frozenset())
    s = build_setup(experiment(), able, Rendezvous(), MEASURE, "/t", False, "m")
    assert "neither profiler_config" in s.missing[0]


def test_nsys_never_starts_the_torch_profiler():
    e = experiment(profiling__nsys=True)
    assert setup_for(e, "coordinates").arguments["profiler_config"] == {"profiler": "cuda"}
    assert "VLLM_TORCH_PROFILER_DIR" not in setup_for(e, "environment").environment


def test_the_execution_trace_is_eager_and_unprofiled():
    s = setup_for(experiment(), "coordinates", kind=EXECUTION_TRACE)
    assert s.arguments["enforce_eager"] is True
    assert s.arguments["load_format"] == "dummy"
    assert "profiler_config" not in s.arguments


def test_expert_parallelism_is_passed(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    e = experiment(parallelism__tp=1, parallelism__dp_shard=2, parallelism__ep=2)
    s = setup_for(e, "coordinates", place=Rendezvous(number=1, port=7), moe=True)
    assert s.arguments["enable_expert_parallel"] is True
    assert {k: s.environment[k] for k in s.environment if k.startswith("VLLM_DP")} == {
        "VLLM_DP_RANK": "1", "VLLM_DP_SIZE": "2", "VLLM_DP_MASTER_IP": "127.0.0.1", "VLLM_DP_MASTER_PORT": "7",
        "VLLM_DP_RANK_LOCAL": "1",
    }
    assert "CUDA_VISIBLE_DEVICES" not in s.environment
    able = abilities("coordinates")
    able = dataclasses.replace(able, environment=able.environment - {"VLLM_DP_RANK_LOCAL"})
    old = build_setup(e, able, Rendezvous(number=1), MEASURE, "/t", True, "m")
    assert old.environment["CUDA_VISIBLE_DEVICES"] == "1"  # where the engine does not choose, we do


def test_dense_replicas_know_nothing_of_each_other(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    e = experiment(parallelism__dp_replicate=2)
    s = setup_for(e, "coordinates", place=Rendezvous(number=1))
    assert s.environment["CUDA_VISIBLE_DEVICES"] == "6,7"
    assert not any(k.startswith("VLLM_DP") for k in s.environment)


def test_several_nodes():
    place = Rendezvous(nodes=2, node=1, master="n1", port=9)
    s = setup_for(experiment(parallelism__tp=8), "coordinates", place=place)
    assert [s.arguments[k] for k in ("nnodes", "node_rank", "master_addr", "master_port")] == [2, 1, "n1", 9]
    assert [s.arguments[k] for k in ("max_num_batched_tokens", "max_num_seqs")] == [8192, 256]  # not each program's own
    assert "max_num_seqs" not in setup_for(experiment(), "coordinates").arguments
    with pytest.raises(Failure, match="nnodes") as f:
        setup_for(experiment(parallelism__tp=8), "environment", place=place)
    assert f.value.code == Exit.SOFTWARE


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
    with pytest.raises(Failure, match="symm_mem"):
        setup_for(experiment(comm={"all_reduce": "symm_mem"}), "stacks")


def test_the_user_has_the_last_word():
    e = experiment(vllm={"gpu_memory_utilization": 0.8, "max_model_len": 4096}, env={"NCCL_DEBUG": "INFO"})
    s = setup_for(e, "coordinates")
    assert (s.arguments["gpu_memory_utilization"], s.arguments["max_model_len"]) == (0.8, 4096)
    assert s.environment["NCCL_DEBUG"] == "INFO"
    with pytest.raises(Failure, match="less than"):
        setup_for(experiment(vllm={"max_model_len": 2048}), "coordinates")
    with pytest.raises(Failure, match="no such argument"):
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
    line = command_line({"model": "m", "tensor_parallel_size": 8, "enable_prefix_caching": False,
                                "enable_expert_parallel": True, "hf_overrides": {"num_hidden_layers": 4}})
    assert line == ["--tensor-parallel-size", "8", "--no-enable-prefix-caching", "--enable-expert-parallel",
                    "--hf-overrides", '{"num_hidden_layers": 4}']


def test_a_layout_in_name_only_is_refused():
    e = experiment(parallelism__ep=2)
    check_layout(e, [{"engine": {"tensor_parallel_size": 2, "enable_expert_parallel": True}}], moe=True)
    with pytest.raises(Failure, match="enable_expert_parallel = False"):
        check_layout(e, [{"engine": {"enable_expert_parallel": False}}], moe=True)
