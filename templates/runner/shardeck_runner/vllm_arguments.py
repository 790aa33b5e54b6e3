"""What the installed vLLM can do, and from the experiment to its arguments and environment."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from shardeck_runner.contract import EXECUTION_TRACE, Exit, Failure, log
from shardeck_runner.experiment import Experiment
from shardeck_runner.models import find_shape
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.traces import PREFILL_CHUNK

DEFAULT_SEQUENCES = 256  # that vLLM runs at once on an A100; more elsewhere
WORKER_EXTENSION = "shardeck_runner.vllm_worker.WorkerExtension"


@dataclass(frozen=True)
class Abilities:
    """What a release of vLLM understands."""

    arguments: frozenset[str]  # fields of EngineArgs
    environment: frozenset[str]  # variables it reads
    profiler: frozenset[str]  # fields of ProfilerConfig; empty: it has none

    def has(self, argument: str) -> bool:
        return argument in self.arguments

    def reads(self, variable: str) -> bool:
        return variable in self.environment


def find_abilities() -> Abilities:
    if importlib.util.find_spec("vllm") is None:
        raise Failure(Exit.SOFTWARE, "vLLM is not installed in this environment: see runtime in shardeck.yaml")
    try:
        new_enough = importlib.util.find_spec("vllm.v1.engine.llm_engine") is not None
        arguments = dataclasses.fields(importlib.import_module("vllm.engine.arg_utils").EngineArgs)
        variables = importlib.import_module("vllm.envs").environment_variables
    except (ImportError, OSError) as e:
        raise Failure(Exit.SOFTWARE, f"vLLM does not import: {e}; is it built for this CUDA driver?") from e
    if not new_enough:
        raise Failure(Exit.SOFTWARE, f"vLLM {package_version('vllm')} is too old: the runner needs 0.8 or newer")
    try:
        profiler = dataclasses.fields(importlib.import_module("vllm.config.profiler").ProfilerConfig)
    except (ImportError, AttributeError):
        profiler = ()
    return Abilities(
        frozenset(f.name for f in arguments), frozenset(variables), frozenset(f.name for f in profiler)
    )


def package_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@dataclass
class Setup:
    """What a child hands to vLLM: arguments of LLM and environment, and what could not be had."""

    arguments: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def set_default(self, variable: str, value: str) -> None:
        """Sets a variable that the job's own environment has not set."""
        if variable not in os.environ:
            self.environment[variable] = value

    def require(self, able: Abilities, argument: str, value: Any, what: str) -> None:
        """Passes an argument that the experiment is wrong without."""
        if not able.has(argument):
            raise Failure(Exit.SOFTWARE, f"{what} needs a vLLM with the argument {argument}: use a newer one")
        self.arguments[argument] = value

    def pass_if_known(self, able: Abilities, argument: str, value: Any) -> None:
        """Passes an argument where it exists; without it nothing measured would differ."""
        if able.has(argument):
            self.arguments[argument] = value


def build_setup(e: Experiment, able: Abilities, where: Rendezvous, kind: str, traces: str, moe: bool, model: str) -> Setup:
    """Turns the experiment into vLLM's arguments. `kind` is the pass; `traces` the folder of raw
    traces; `model` a hub id or a folder."""
    s = Setup()
    s.arguments["model"] = model
    model_arguments(s, e, able)
    layout_arguments(s, e, able, where, moe)
    comm_arguments(s, e, able)
    if kind == EXECUTION_TRACE:
        s.require(able, "enforce_eager", True, "an execution trace")
        if experts_arguments(s, e, able) and not e.dummy_weights:
            log("experts: the second engine takes the model's own weights, whose router decides; execution_trace: false saves it")
        else:
            s.arguments["load_format"] = "dummy"
    elif e.nsys or e.kineto:
        profiler_arguments(s, e, able, traces)
    s.set_default("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
    user_arguments(s, e, able)
    return s


def model_arguments(s: Setup, e: Experiment, able: Abilities) -> None:
    if e.precision == "fp8":
        s.arguments["quantization"] = "fp8"
    else:
        s.arguments["dtype"] = e.precision
    if e.dummy_weights:
        s.require(able, "load_format", "dummy", "model.weights: dummy")
    if e.layers:
        s.require(able, "hf_overrides", {"num_hidden_layers": e.layers}, "model.layers")
    length = e.seq_len + e.max_tokens
    if e.load and not e.dummy_weights:
        length += max(16, e.seq_len // 32)  # a prompt of a load is text, which a tokenizer may cut into a few tokens more
    s.require(able, "max_model_len", length, "a prompt of seq_len and an output of max_tokens")
    s.require(able, "enable_prefix_caching", False, "a repeatable prefill")
    s.arguments["seed"] = 0
    if e.requests(0) > DEFAULT_SEQUENCES:
        s.pass_if_known(able, "max_num_seqs", e.requests(0))  # the batch is one batch, not waves of a default size
    if e.dummy_weights and not e.load:
        s.pass_if_known(able, "skip_tokenizer_init", True)  # prompts are token ids: nothing more to download
    s.pass_if_known(able, "worker_extension_cls", WORKER_EXTENSION)


def layout_arguments(s: Setup, e: Experiment, able: Abilities, where: Rendezvous, moe: bool) -> None:
    s.arguments["tensor_parallel_size"] = e.tp
    s.arguments["pipeline_parallel_size"] = e.pp
    if e.replica_ranks > 1:
        s.require(able, "distributed_executor_backend", "mp", "a layout of several GPUs")
    if e.ep > 1:
        s.require(able, "enable_expert_parallel", True, "parallelism.ep")
    if e.dp == 1 and where.nodes > 1:
        for name, value in (("nnodes", where.nodes), ("node_rank", where.node),
                            ("master_addr", where.master), ("master_port", where.port)):
            s.require(able, name, value, "a replica over several nodes")
        # LLM and `vllm serve` have defaults of their own for these, and all ranks must have the same
        s.arguments["max_num_batched_tokens"] = PREFILL_CHUNK
        s.arguments["max_num_seqs"] = max(DEFAULT_SEQUENCES, e.requests(0))
    if e.load and e.dp > 1:
        s.require(able, "data_parallel_size", e.dp, "replicas behind one server")
    elif e.dp > 1:
        s.environment.update(replica_environment(e, able, where, moe))


def replica_environment(e: Experiment, able: Abilities, where: Rendezvous, moe: bool) -> dict[str, str]:
    """Data parallelism: replicas of a MoE model form one world; those of a dense model need not
    know of each other, and newer vLLM refuses to tell them."""
    per_node = max(1, e.dp // where.nodes)
    local = where.number % per_node
    out: dict[str, str] = {}
    if moe:
        if not able.reads("VLLM_DP_RANK"):
            raise Failure(Exit.SOFTWARE, "data parallelism of a MoE model needs a vLLM that reads VLLM_DP_RANK: use a newer one")
        out = {"VLLM_DP_RANK": str(where.number), "VLLM_DP_SIZE": str(e.dp),
               "VLLM_DP_MASTER_IP": where.master, "VLLM_DP_MASTER_PORT": str(where.port)}
        if able.reads("VLLM_DP_RANK_LOCAL"):
            return {**out, "VLLM_DP_RANK_LOCAL": str(local)}  # it chooses the GPUs itself
    devices = visible_devices(per_node * e.replica_ranks)
    mine = devices[local * e.replica_ranks:(local + 1) * e.replica_ranks]
    return {**out, "CUDA_VISIBLE_DEVICES": ",".join(mine)}


def visible_devices(count: int) -> list[str]:
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return [d for d in given.split(",") if d] or [str(i) for i in range(count)]


# Ways of an all-reduce that vLLM takes before the one asked for, wherever it can; which of them
# are on by default changes from release to release.
SYMMETRIC = "VLLM_ALLREDUCE_USE_SYMM_MEM"
FLASHINFER = ("VLLM_ALLREDUCE_USE_FLASHINFER", "VLLM_ALLREDUCE_USE_FLASHINFER_PCIE_IPC")


def comm_arguments(s: Setup, e: Experiment, able: Abilities) -> None:
    if e.all_reduce == "symm_mem" and not able.reads(SYMMETRIC):
        raise Failure(Exit.SOFTWARE, f"comm.all_reduce: symm_mem needs a vLLM that reads {SYMMETRIC}: use a newer one")
    if e.all_reduce in ("nccl", "symm_mem"):
        s.require(able, "disable_custom_all_reduce", True, f"comm.all_reduce: {e.all_reduce}")
    if e.all_reduce != "auto":
        s.environment.update({v: "0" for v in (SYMMETRIC, *FLASHINFER) if able.reads(v)})
    if e.all_reduce == "symm_mem":
        s.environment[SYMMETRIC] = "1"
    if e.all2all != "auto":
        if able.has("all2all_backend"):
            s.arguments["all2all_backend"] = e.all2all
        elif able.reads("VLLM_ALL2ALL_BACKEND"):
            s.environment["VLLM_ALL2ALL_BACKEND"] = e.all2all
        else:
            raise Failure(Exit.SOFTWARE, "comm.all2all: this vLLM lets nobody choose: use a newer one")


EXPERTS = "enable_return_routed_experts"


def experts_arguments(s: Setup, e: Experiment, able: Abilities) -> bool:
    """Asks the second engine which experts each token takes, where the release tells it; newer ones keep that with their
    prefix cache. Whether it was asked."""
    shape = find_shape(e.model)
    asked = bool(shape and shape.experts) and able.has(EXPERTS) and e.pp == 1
    if asked:
        s.arguments[EXPERTS] = True
        s.arguments["enable_prefix_caching"] = able.has("aux_output_config")
    return asked


def profiler_arguments(s: Setup, e: Experiment, able: Abilities, traces: str) -> None:
    """Torch's profiler in the workers, or for nsys cudaProfilerStart and -Stop; never both."""
    for variable, hour in (("VLLM_RPC_TIMEOUT", "3600000"), ("VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS", "3600")):
        if able.reads(variable):
            s.set_default(variable, hour)  # a flush takes minutes
    if e.nsys and not able.profiler:
        return  # cudaProfilerStart through the worker extension
    if able.has("profiler_config") and able.profiler:
        settings = {"profiler": "cuda"} if e.nsys else {
            "profiler": "torch", "torch_profiler_dir": traces, "torch_profiler_with_stack": False,
            "torch_profiler_record_shapes": False, "torch_profiler_use_gzip": False,  # move_compressed packs better
            "torch_profiler_dump_cuda_time_total": False, "ignore_frontend": True,
            "capture_torch_profiler": True,  # shapes of what a replayed graph runs; written as graphs are captured
        }
        s.arguments["profiler_config"] = {k: v for k, v in settings.items() if k in able.profiler}
    elif able.reads("VLLM_TORCH_PROFILER_DIR"):
        s.environment.update({"VLLM_TORCH_PROFILER_DIR": traces, "VLLM_TORCH_PROFILER_WITH_STACK": "0",
                              "VLLM_TORCH_PROFILER_RECORD_SHAPES": "0", "VLLM_TORCH_PROFILER_DUMP_CUDA_TIME_TOTAL": "0"})
    else:
        s.missing.append("traced pass: this vLLM has neither profiler_config nor a profiler variable that is known")


def user_arguments(s: Setup, e: Experiment, able: Abilities) -> None:
    """The config's env and vllm: the user's word is last, but for a context too short."""
    s.environment.update(e.env)
    for name, value in e.vllm.items():
        if not able.has(name):
            raise Failure(Exit.CONFIG, f"vllm.{name}: this vLLM has no such argument")
        need = e.seq_len + e.max_tokens
        if name == "max_model_len" and (not isinstance(value, int) or value < need):
            raise Failure(Exit.CONFIG, f"vllm.max_model_len: {value} is less than seq_len + max_tokens = {need}")
        old = s.arguments.get(name)
        s.arguments[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value


def vllm_command() -> list[str]:
    """vLLM's command line: its own script, or the module behind it where that is not on the path."""
    return ["vllm"] if shutil.which("vllm") else [sys.executable, "-m", "vllm.entrypoints.cli.main"]


def command_line(arguments: Mapping[str, Any]) -> list[str]:
    """The same arguments as options of `vllm serve`, for a server and for the other nodes of a replica."""
    out: list[str] = []
    for name, value in arguments.items():
        option = name.replace("_", "-")
        if name == "model":
            continue
        if value is True or value is False:
            out.append(f"--{option}" if value else f"--no-{option}")
        elif isinstance(value, (dict, list)):
            out += [f"--{option}", json.dumps(value)]
        else:
            out += [f"--{option}", str(value)]
    return out
