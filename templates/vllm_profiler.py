#!/usr/bin/env python3
"""The runner: runs one experiment and writes what shardeck reads.

    python experiments/vllm_profiler.py --config experiments/configs/E1.2_llama8b_tp2.yaml \
        --output-dir trace_collection/llama-8b-tp2

Under Slurm one task a node (`srun --ntasks-per-node=1`); the tasks find each other by
SLURM_NNODES, SLURM_NODEID and the first host of the job (or MASTER_ADDR and MASTER_PORT).

It runs vLLM, or for `engine: torch` the reference engine in torch_engine.py beside it, which needs
PyTorch only and keeps the same contract (its own way of doing things is described there).

What it does, in passes that never mix:

  measure           warm-up, then profile_iterations x max_tokens with no profiler: the numbers.
                    Then the traced pass: Kineto in every worker, bounded by
                    profiling.trace_iterations and trace_tokens: the breakdown.
  execution trace   a second, short engine in eager mode with random weights (CUDA graphs hide
                    operators from the execution trace): one small iteration.

What it writes into --output-dir, each file whole or not at all:

  config.yaml                     the experiment, as run
  timing_stats_<rank>.json        seconds. unprofiled_iteration_times: one an iteration;
                                  unprofiled_ttft, unprofiled_tpot, unprofiled_input_tokens,
                                  unprofiled_output_tokens: one list an iteration, one number a
                                  request; iteration_times, ttft, tpot ...: the same under the profiler
  kineto_trace_<rank>.json.gz     one a rank
  torch_et_<rank>.json.gz         one a rank
  run.json                        versions, effective settings, what was left undone and why

TTFT is the time from handing a request to the engine to the first step that returned a token of it;
TPOT is (last token - first token) / (output tokens - 1), none for a single token. All requests of a
batch are with the scheduler before the first step, where this vLLM can pause it (a note in run.json
says where not); TTFT grows along a batch with several prefill chunks. Every prompt is a list of
exactly seq_len random token ids, different for each request and iteration; prefix caching is off;
outputs are exactly max_tokens long.

Exit codes: 0 done; 1 failed, see the log; 2 config or command line wrong; 3 stopped before the end,
what was measured is written; 4 engine missing or too old for what is asked; 5 too few GPUs; 6 model
missing or not allowed; 7 out of GPU memory; 8 ranks could not communicate; 9 a rank died;
10 timing is sound, traces are missing or incomplete.

How it is built: this process starts one child for each data-parallel replica and pass (engine
torch: for each rank) and runs no engine itself, so that whatever happens to one, what was measured
is written down.
It needs nothing but Python 3.9 and what vLLM brings. What a vLLM version can do is found by looking
(fields of EngineArgs, entries of vllm.envs), never by comparing version numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import functools
import glob
import gzip
import importlib
import importlib.util
import inspect
import json
import math
import os
import platform
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

EXIT_DONE, EXIT_FAILED, EXIT_CONFIG, EXIT_PARTIAL, EXIT_SOFTWARE = 0, 1, 2, 3, 4
EXIT_GPUS, EXIT_MODEL, EXIT_MEMORY, EXIT_COMM, EXIT_WORKER, EXIT_TRACES = 5, 6, 7, 8, 9, 10

# The lines the cockpit reads. A stage is printed as it begins, an iteration when it is over.
STAGES = ("environment", "weights", "compile", "warm-up", "timing", "profiling", "writing traces", "done")

VLLM, TORCH = "vllm", "torch"
MEASURE, EXECUTION_TRACE = "measure", "execution_trace"
PARTS = ".parts"  # where children leave their results, inside the output directory
RAW_TRACES = ".kineto"  # where vLLM's workers write theirs
LOCAL_MODEL = ".model"  # a model's config made here, for weights: dummy

TRACE_BUDGET = 300e6  # bytes of Kineto JSON a rank, before compression
STEP_BYTES = 1.2e6  # of one forward step of a model of STEP_LAYERS layers, measured
STEP_LAYERS = 32
REPLICAS_MEET = 32  # steps after which vLLM's replicas of one world ask whether all are done
PREFILL_CHUNK = 8192  # tokens of one prefill step, vLLM's usual max_num_batched_tokens
DEFAULT_SEQUENCES = 256  # that vLLM runs at once on an A100; more elsewhere

LOWEST_TOKEN, HIGHEST_TOKEN = 256, 32000  # plain tokens of every vocabulary we know

ONE_BY_ONE = ("requests reach the scheduler one at a time here: a batch is prefilled in one step or in several, "
              "and the time to the first token varies with it")
UNFINISHED = "not finished: still running, or killed without warning"
LEAVING = 60  # seconds that a process has for an orderly end
PATIENCE = float(os.environ.get("SHARDECK_PATIENCE", "1"))  # stretches or shortens every wait for files and memory
GRACE = max(5.0, 20.0 * PATIENCE)  # seconds that the others get when one process ends badly, or the run is stopped
QUIET = "SHARDECK_QUIET"  # set for all replicas but the first: one voice in the log


def say(text: str) -> None:
    """Prints a line of the log at once."""
    if not os.environ.get(QUIET):
        print(f"shardeck: {text}", flush=True)


def stage(name: str) -> None:
    assert name in STAGES, name
    say(f"stage {name}")


def iteration_done(done: int, total: int, name: str) -> None:
    say(f"iteration {done} of {total} {name}")


class Failure(Exception):
    """An end with a cause a person can act upon: fault, cause and what to do in one line."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Stopped(BaseException):
    """SIGTERM or SIGINT. No Exception, so that no engine's handler swallows it."""


# ---------------------------------------------------------------------------------------------
# The experiment


@dataclass(frozen=True)
class Experiment:
    """The keys of a config that the runner needs, checked; the rest is for others."""

    id: str
    engine: str
    model: str
    precision: str
    dummy_weights: bool
    layers: int  # 0: the model's own
    tp: int
    pp: int
    dp: int
    ep: int
    batch_size: int
    seq_len: int
    max_tokens: int
    warmup: int
    iterations: int
    kineto: bool
    execution_trace: bool
    nsys: bool
    trace_iterations: int  # 0: auto
    trace_tokens: int  # 0: auto
    all_reduce: str
    all2all: str
    env: Mapping[str, str]
    vllm: Mapping[str, Any]

    @property
    def ranks(self) -> int:
        return self.tp * self.pp * self.dp

    @property
    def replica_ranks(self) -> int:
        return self.tp * self.pp

    @property
    def children(self) -> int:
        """Processes that the runner starts: vLLM starts its workers itself, one engine a replica."""
        return self.ranks if self.engine == TORCH else self.dp

    @property
    def child_ranks(self) -> int:
        return self.ranks // self.children

    def requests(self, dp_rank: int) -> int:
        """Requests of one replica: batch_size counts over all of them, and each needs one."""
        share, rest = divmod(self.batch_size, self.dp)
        return max(1, share + (1 if dp_rank < rest else 0))


def read_config(path: str) -> Experiment:
    """Reads a config file. A config that is JSON needs no PyYAML."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise Failure(EXIT_CONFIG, f"{path}: {e}") from e
    try:
        import yaml
    except ImportError:
        yaml = None
    try:
        data = json.loads(text) if yaml is None else yaml.safe_load(text)
    except ValueError as e:
        raise Failure(
            EXIT_SOFTWARE,
            "PyYAML is missing, and vLLM brings it: is the environment with vLLM active? "
            "See runtime in shardeck.yaml",
        ) from e
    except yaml.YAMLError as e:
        raise Failure(EXIT_CONFIG, f"{path}: not YAML: {' '.join(str(e).split())}") from e
    if not isinstance(data, dict):
        raise Failure(EXIT_CONFIG, f"{path}: holds no keys; write one with `shardeck new`")
    try:
        return parse_experiment(data)
    except ValueError as e:
        raise Failure(EXIT_CONFIG, f"{path}: {e}") from e


class Keys:
    """Reads keys of nested mappings, with errors that name the key."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    def get(self, path: str, default: Any) -> Any:
        value: Any = self.data
        for part in path.split("."):
            if not isinstance(value, Mapping) or value.get(part) is None:
                return default
            value = value[part]
        return value

    def number(self, path: str, default: int, least: int = 1) -> int:
        value = self.get(path, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10**7:
            raise ValueError(f"{path}: {value!r} is no whole number from {least} on")
        return value

    def auto(self, path: str) -> int:
        return 0 if self.get(path, "auto") in ("auto", 0) else self.number(path, 0)

    def flag(self, path: str, default: bool) -> bool:
        value = self.get(path, default)
        if not isinstance(value, bool):
            raise ValueError(f"{path}: {value!r} is neither true nor false")
        return value

    def word(self, path: str, default: str, allowed: Sequence[str] = ()) -> str:
        value = str(self.get(path, default))
        if allowed and value not in allowed:
            raise ValueError(f"{path}: {value!r} is none of {', '.join(allowed)}")
        return value

    def mapping(self, path: str) -> dict[str, Any]:
        value = self.get(path, {})
        if not isinstance(value, Mapping):
            raise ValueError(f"{path}: {value!r} is no mapping of keys to values")
        return dict(value)


def parse_experiment(data: Mapping[str, Any]) -> Experiment:
    """Checks the values the runner depends on; ValueError names key and fault."""
    k = Keys(data)
    e = Experiment(
        id=k.word("experiment_id", ""),
        engine=k.word("engine", "vllm"),
        model=k.word("model.name", ""),
        precision=k.word("model.precision", "bfloat16"),
        dummy_weights=k.word("model.weights", "auto", ("auto", "dummy")) == "dummy",
        layers=k.number("model.layers", 0, least=0),
        tp=k.number("parallelism.tp", 1),
        pp=k.number("parallelism.pp", 1),
        dp=k.number("parallelism.dp_replicate", 1) * k.number("parallelism.dp_shard", 1),
        ep=k.number("parallelism.ep", 1),
        batch_size=k.number("data.batch_size", 1),
        seq_len=k.number("data.seq_len", 2048),
        max_tokens=k.number("data.max_tokens", 512),
        warmup=k.number("warmup_iterations", 2, least=0),
        iterations=k.number("profile_iterations", 5),
        kineto=k.flag("profiling.kineto", True),
        execution_trace=k.flag("profiling.execution_trace", True),
        nsys=k.flag("profiling.nsys", False),
        trace_iterations=k.auto("profiling.trace_iterations"),
        trace_tokens=k.auto("profiling.trace_tokens"),
        all_reduce=k.word("comm.all_reduce", "auto", ("auto", "nccl", "custom", "symm_mem")),
        all2all=k.word("comm.all2all", "auto"),
        env={str(n): str(v) for n, v in k.mapping("env").items()},
        vllm=k.mapping("vllm"),
    )
    check_experiment(e)
    return e


def check_experiment(e: Experiment) -> None:
    if not e.model:
        raise ValueError("model.name is missing: give a hub id such as meta-llama/Llama-3.1-8B")
    if e.ep not in (1, e.tp * e.dp):
        raise ValueError(f"parallelism.ep: EP re-uses the TP x DP ranks, so it is 1 or {e.tp * e.dp}, not {e.ep}")
    if e.batch_size < e.dp:
        raise ValueError(f"data.batch_size: {e.batch_size} requests do not reach {e.dp} replicas; give each at least one")


# ---------------------------------------------------------------------------------------------
# Models without a download


def write_local_model(e: Experiment, out: Path) -> None:
    """For weights: dummy writes the model's config.json from its shape, so that nothing is fetched
    from the hub. A folder as model.name is taken as it is, and so is a model whose shape is unknown."""
    if e.engine != VLLM or not e.dummy_weights or Path(e.model).is_dir():
        return
    shape = known_shape(e.model)
    if shape is None:
        say(f"the shape of {e.model} is not in models.yaml: its config is looked for in the hub cache, then on the hub")
        return
    (out / LOCAL_MODEL).mkdir(exist_ok=True)
    write_json(out / LOCAL_MODEL / "config.json", hub_config(shape))
    for name, data in empty_tokenizer(shape["vocab"]).items():
        write_json(out / LOCAL_MODEL / name, data)


def empty_tokenizer(vocabulary: int) -> dict[str, Any]:
    """Files of a tokenizer that knows no word, only how many there are. Up to 0.9 vLLM's V1 engine
    loads one whatever skip_tokenizer_init says, and refuses tokens past its last."""
    words = {"<unk>": 0, "<last>": vocabulary - 1}
    return {
        "tokenizer.json": {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                           "pre_tokenizer": None, "post_processor": None, "decoder": None,
                           "model": {"type": "WordLevel", "vocab": words, "unk_token": "<unk>"}},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"},
    }


def local_model(e: Experiment, out: Path) -> str:
    """What vLLM is given as model: the folder with the config made here, else the model's name."""
    made = out / LOCAL_MODEL
    return str(made.resolve()) if (made / "config.json").exists() else e.model


def known_shape(name: str) -> Mapping[str, Any] | None:
    """The model's entry of models.yaml, as `shardeck generate` wrote it into the file beside this one."""
    path = Path(__file__).with_name("torch_engine.py")
    try:
        text = re.search(r'^SHAPES = r"""(.*?)"""', path.read_text(encoding="utf-8"), re.S | re.M)
    except FileNotFoundError:
        return None
    shapes = json.loads(text.group(1)) if text else []
    return next((m for m in shapes if name in (m["name"], *(m.get("aliases") or ()))), None)


def hub_config(m: Mapping[str, Any]) -> dict[str, Any]:
    """A shape in the words of a hub's config.json. What costs no time or memory is left at the
    library's defaults: positions are not scaled for long contexts, special tokens are not the model's."""
    family, architecture = model_family(m)
    config = {
        "model_type": family, "architectures": [architecture], "hidden_act": "silu", "rms_norm_eps": 1e-5,
        "hidden_size": m["hidden"], "intermediate_size": m["intermediate"], "num_hidden_layers": m["layers"],
        "num_attention_heads": m["heads"], "num_key_value_heads": m["kv_heads"], "head_dim": m["head_dim"],
        "vocab_size": m["vocab"], "max_position_embeddings": m.get("max_len") or 131072, "rope_theta": 500000.0,
        "tie_word_embeddings": bool(m.get("tied_embeddings")), "bos_token_id": 0, "eos_token_id": 1,
    }
    if moe := m.get("moe"):
        config.update(num_experts_per_tok=moe["top_k"], norm_topk_prob=family != "deepseek_v2",
                      **{"n_routed_experts" if family == "deepseek_v2" else
                         "num_local_experts" if family == "mixtral" else "num_experts": moe["experts"]})
        config["intermediate_size" if family == "mixtral" else "moe_intermediate_size"] = moe["intermediate"]
    if mla := m.get("mla"):
        del config["head_dim"]  # here the family means the part that turns, and takes it from below
        config.update(kv_lora_rank=mla["kv_lora_rank"], q_lora_rank=mla.get("q_lora_rank") or None,
                      qk_rope_head_dim=mla["rope_dim"], qk_nope_head_dim=mla["nope_dim"], v_head_dim=mla["v_dim"],
                      n_shared_experts=moe.get("shared") or None if moe else None, n_group=1, topk_group=1,
                      first_k_dense_replace=moe.get("dense_layers", 0) if moe else m["layers"])
    return config


def model_family(m: Mapping[str, Any]) -> tuple[str, str]:
    """The family whose code has these parts: transformers' model_type and vLLM's class."""
    moe = bool(m.get("moe"))
    if m.get("mla"):
        return "deepseek_v2", "DeepseekV2ForCausalLM"
    if m.get("qk_norm"):
        return ("qwen3_moe", "Qwen3MoeForCausalLM") if moe else ("qwen3", "Qwen3ForCausalLM")
    if m.get("qkv_bias"):
        return ("qwen2", "Qwen2ForCausalLM")
    return ("mixtral", "MixtralForCausalLM") if moe else ("llama", "LlamaForCausalLM")


# ---------------------------------------------------------------------------------------------
# The workload


def make_prompts(seed: int, iteration: int, count: int, length: int, vocabulary: int) -> list[list[int]]:
    """Token ids: exactly `length` for each request, no two prompts alike.

    The first token counts requests through the whole run, so that no two prompts share even
    one block of a cache; the rest is random.
    """
    top = max(LOWEST_TOKEN + 2, min(vocabulary, HIGHEST_TOKEN))
    span = top - LOWEST_TOKEN
    prompts = []
    for request in range(count):
        rng = random.Random(f"{seed}/{iteration}/{request}")
        first = LOWEST_TOKEN + (iteration * count + request) % span
        prompts.append([first] + [rng.randrange(LOWEST_TOKEN, top) for _ in range(length - 1)])
    return prompts


@dataclass
class Iteration:
    """One batch from the first request handed over to its last token. Seconds."""

    seconds: float
    ttft: list[float]
    tpot: list[float | None]
    input_tokens: list[int]
    output_tokens: list[int]


def can_hold(llm: Any) -> bool:
    """Whether this vLLM takes requests while its scheduler is paused: sleep has level 0 since it has modes."""
    sleep = getattr(llm, "sleep", None)
    return sleep is not None and "mode" in inspect.signature(sleep).parameters


@contextlib.contextmanager
def held(llm: Any) -> Iterator[None]:
    """Lets the scheduler begin only when all requests of a batch are with it.

    Otherwise it begins with those that have come, and whether a batch is prefilled in one step or in
    two is a race: on two H100, 92 or 133 ms to the first token.
    """
    llm.sleep(level=0)
    try:
        yield
    finally:
        llm.wake_up(tags=["scheduling"])


def run_iteration(engine: Any, prompts: Sequence[Sequence[int]], params: Any, name: str,
                  clock: Callable[[], float] = time.perf_counter,
                  together: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext) -> Iteration:
    """Runs one batch through an LLMEngine step by step and takes the times itself.

    Every vLLM has add_request and step, while the metrics on its outputs came, went and changed
    their clocks; times taken here have one meaning for all versions. The requests are added inside
    of together().
    """
    arrival: dict[str, float] = {}
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    tokens: dict[str, int] = {}
    with together():
        start = clock()
        for i, prompt in enumerate(prompts):
            request = f"{name}-{i}"
            arrival[request], tokens[request] = clock(), 0
            engine.add_request(request, {"prompt_token_ids": list(prompt)}, params)
    while engine.has_unfinished_requests():
        outputs = engine.step()
        now = clock()
        for output in outputs:
            count = len(output.outputs[0].token_ids)
            if count > tokens[output.request_id]:
                first.setdefault(output.request_id, now)
                last[output.request_id], tokens[output.request_id] = now, count
    return summarize(start, arrival, first, last, tokens, [len(p) for p in prompts])


def summarize(start: float, arrival: Mapping[str, float], first: Mapping[str, float],
              last: Mapping[str, float], tokens: Mapping[str, int], lengths: list[int]) -> Iteration:
    silent = [r for r in arrival if r not in first]
    if silent:
        raise Failure(EXIT_FAILED, f"{len(silent)} of {len(arrival)} requests got no token at all")
    return Iteration(
        seconds=max(last.values()) - start,
        ttft=[first[r] - arrival[r] for r in arrival],
        tpot=[(last[r] - first[r]) / (tokens[r] - 1) if tokens[r] > 1 else None for r in arrival],
        input_tokens=lengths,
        output_tokens=[tokens[r] for r in arrival],
    )


@dataclass(frozen=True)
class TracePlan:
    """How much of the workload is traced."""

    iterations: int
    tokens: int  # output tokens of each
    bytes: int  # estimate, a rank, before compression


def plan_trace(e: Experiment, layers: int = STEP_LAYERS, chunk: int = PREFILL_CHUNK, together: int = 1) -> TracePlan:
    """Bounds the traced pass: what is given stands, auto keeps the estimate under the budget.

    A step costs about the same trace whether it is a prefill chunk or a decode step. Two
    iterations where they fit, since a rank must be late in both to be called a straggler. Replicas
    of one world ask each other every `together` steps whether all are done, and step on until then.
    """
    step = STEP_BYTES * max(layers, 1) / e.pp / STEP_LAYERS
    prefill = math.ceil(e.requests(0) * e.seq_len / chunk)
    iterations = e.trace_iterations or min(2, e.iterations)
    room = int(TRACE_BUDGET / step / iterations) // together * together - prefill
    tokens = min(e.trace_tokens or max(2, room), e.max_tokens)
    steps = math.ceil((prefill + tokens) / together) * together
    return TracePlan(iterations, tokens, int(iterations * steps * step))


def say_plan(plan: TracePlan, e: Experiment) -> None:
    size = "" if e.nsys else f", about {plan.bytes / 1e6:.0f} MB a rank before compression"
    say(f"traced pass: {plan.iterations} of {e.iterations} iterations, {plan.tokens} of {e.max_tokens} output tokens each{size}")


# ---------------------------------------------------------------------------------------------
# What this vLLM can do


@dataclass(frozen=True)
class Abilities:
    """What the installed vLLM understands, found by looking."""

    arguments: frozenset[str]  # fields of EngineArgs
    environment: frozenset[str]  # variables it reads
    profiler: frozenset[str]  # fields of ProfilerConfig; empty: it has none

    def has(self, argument: str) -> bool:
        return argument in self.arguments

    def reads(self, variable: str) -> bool:
        return variable in self.environment


def find_abilities() -> Abilities:
    if importlib.util.find_spec("vllm") is None:
        raise Failure(EXIT_SOFTWARE, "vLLM is not installed in this environment: see runtime in shardeck.yaml")
    try:
        new_enough = importlib.util.find_spec("vllm.v1.engine.llm_engine") is not None
        arguments = dataclasses.fields(importlib.import_module("vllm.engine.arg_utils").EngineArgs)
        variables = importlib.import_module("vllm.envs").environment_variables
    except (ImportError, OSError) as e:
        raise Failure(EXIT_SOFTWARE, f"vLLM does not import: {e}; is it built for this CUDA driver?") from e
    if not new_enough:
        raise Failure(EXIT_SOFTWARE, f"vLLM {package_version('vllm')} is too old: the runner needs 0.8 or newer")
    try:
        profiler = dataclasses.fields(importlib.import_module("vllm.config.profiler").ProfilerConfig)
    except (ImportError, AttributeError):
        profiler = ()
    return Abilities(
        frozenset(f.name for f in arguments), frozenset(variables), frozenset(f.name for f in profiler)
    )


def package_version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


# ---------------------------------------------------------------------------------------------
# From the experiment to vLLM's arguments


@dataclass
class Setup:
    """What a child hands to vLLM: arguments of LLM and environment, and what could not be had."""

    arguments: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def default(self, variable: str, value: str) -> None:
        """Sets a variable that the job's own environment has not set."""
        if variable not in os.environ:
            self.environment[variable] = value

    def need(self, able: Abilities, argument: str, value: Any, what: str) -> None:
        """Passes an argument that the experiment is wrong without."""
        if not able.has(argument):
            raise Failure(EXIT_SOFTWARE, f"{what} needs a vLLM with the argument {argument}: use a newer one")
        self.arguments[argument] = value

    def wish(self, able: Abilities, argument: str, value: Any) -> None:
        """Passes an argument where it exists; without it nothing measured would differ."""
        if able.has(argument):
            self.arguments[argument] = value


@dataclass(frozen=True)
class Place:
    """Where a child stands among the nodes and replicas."""

    nodes: int = 1
    node: int = 0
    master: str = "127.0.0.1"
    port: int = 29501
    dp_rank: int = 0


def build_setup(e: Experiment, able: Abilities, place: Place, kind: str, traces: str, moe: bool, model: str) -> Setup:
    """Turns the experiment into vLLM's arguments. `kind` is the pass; `traces` the folder of raw
    traces; `model` a hub id or a folder."""
    s = Setup()
    s.arguments["model"] = model
    model_arguments(s, e, able)
    layout_arguments(s, e, able, place, moe)
    comm_arguments(s, e, able)
    if kind == EXECUTION_TRACE:
        s.need(able, "enforce_eager", True, "an execution trace")
        s.arguments["load_format"] = "dummy"
    elif e.nsys or e.kineto:
        profiler_arguments(s, e, able, traces)
    s.default("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
    user_arguments(s, e, able)
    return s


def model_arguments(s: Setup, e: Experiment, able: Abilities) -> None:
    if e.precision == "fp8":
        s.arguments["quantization"] = "fp8"
    else:
        s.arguments["dtype"] = e.precision
    if e.dummy_weights:
        s.need(able, "load_format", "dummy", "model.weights: dummy")
    if e.layers:
        s.need(able, "hf_overrides", {"num_hidden_layers": e.layers}, "model.layers")
    s.need(able, "max_model_len", e.seq_len + e.max_tokens, "a prompt of seq_len and an output of max_tokens")
    s.need(able, "enable_prefix_caching", False, "a repeatable prefill")
    s.arguments["seed"] = 0
    if e.requests(0) > DEFAULT_SEQUENCES:
        s.wish(able, "max_num_seqs", e.requests(0))  # the batch is one batch, not waves of a default size
    if e.dummy_weights:
        s.wish(able, "skip_tokenizer_init", True)  # prompts are token ids: nothing more to download
    s.wish(able, "worker_extension_cls", f"{Path(__file__).stem}.WorkerExtension")


def layout_arguments(s: Setup, e: Experiment, able: Abilities, place: Place, moe: bool) -> None:
    s.arguments["tensor_parallel_size"] = e.tp
    s.arguments["pipeline_parallel_size"] = e.pp
    if e.replica_ranks > 1:
        s.need(able, "distributed_executor_backend", "mp", "a layout of several GPUs")
    if e.ep > 1:
        s.need(able, "enable_expert_parallel", True, "parallelism.ep")
    if e.dp == 1 and place.nodes > 1:
        for name, value in (("nnodes", place.nodes), ("node_rank", place.node),
                            ("master_addr", place.master), ("master_port", place.port)):
            s.need(able, name, value, "a replica over several nodes")
        # LLM and `vllm serve` have defaults of their own for these, and all ranks must have the same
        s.arguments["max_num_batched_tokens"] = PREFILL_CHUNK
        s.arguments["max_num_seqs"] = max(DEFAULT_SEQUENCES, e.requests(0))
    if e.dp > 1:
        s.environment.update(replica_environment(e, able, place, moe))


def replica_environment(e: Experiment, able: Abilities, place: Place, moe: bool) -> dict[str, str]:
    """Data parallelism: replicas of a MoE model form one world; those of a dense model need not
    know of each other, and newer vLLM refuses to tell them."""
    per_node = max(1, e.dp // place.nodes)
    local = place.dp_rank % per_node
    out: dict[str, str] = {}
    if moe:
        if not able.reads("VLLM_DP_RANK"):
            raise Failure(EXIT_SOFTWARE, "data parallelism of a MoE model needs a vLLM that reads VLLM_DP_RANK: use a newer one")
        out = {"VLLM_DP_RANK": str(place.dp_rank), "VLLM_DP_SIZE": str(e.dp),
               "VLLM_DP_MASTER_IP": place.master, "VLLM_DP_MASTER_PORT": str(place.port)}
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
        raise Failure(EXIT_SOFTWARE, f"comm.all_reduce: symm_mem needs a vLLM that reads {SYMMETRIC}: use a newer one")
    if e.all_reduce in ("nccl", "symm_mem"):
        s.need(able, "disable_custom_all_reduce", True, f"comm.all_reduce: {e.all_reduce}")
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
            raise Failure(EXIT_SOFTWARE, "comm.all2all: this vLLM lets nobody choose: use a newer one")


def profiler_arguments(s: Setup, e: Experiment, able: Abilities, traces: str) -> None:
    """Torch's profiler in the workers, or for nsys cudaProfilerStart and -Stop; never both."""
    for variable, hour in (("VLLM_RPC_TIMEOUT", "3600000"), ("VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS", "3600")):
        if able.reads(variable):
            s.default(variable, hour)  # a flush takes minutes
    if e.nsys and not able.profiler:
        return  # cudaProfilerStart through the worker extension
    if able.has("profiler_config") and able.profiler:
        settings = {"profiler": "cuda"} if e.nsys else {
            "profiler": "torch", "torch_profiler_dir": traces, "torch_profiler_with_stack": False,
            "torch_profiler_record_shapes": False, "torch_profiler_use_gzip": True,
            "torch_profiler_dump_cuda_time_total": False, "ignore_frontend": True,
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
            raise Failure(EXIT_CONFIG, f"vllm.{name}: this vLLM has no such argument")
        need = e.seq_len + e.max_tokens
        if name == "max_model_len" and (not isinstance(value, int) or value < need):
            raise Failure(EXIT_CONFIG, f"vllm.max_model_len: {value} is less than seq_len + max_tokens = {need}")
        old = s.arguments.get(name)
        s.arguments[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value


def command_line(arguments: Mapping[str, Any]) -> list[str]:
    """The same arguments as options of `vllm serve`, for the other nodes of a replica."""
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


# ---------------------------------------------------------------------------------------------
# In the workers


class WorkerExtension:
    """Mixed into vLLM's worker class, in the process that owns the GPU. Called by collective_rpc."""

    def shardeck_describe(self) -> dict[str, Any]:
        """This rank: where it runs and how the engine really laid it out."""
        import torch

        config = self.vllm_config  # type: ignore[attr-defined]
        names = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "enable_expert_parallel",
                 "all2all_backend", "disable_custom_all_reduce", "distributed_executor_backend", "nnodes",
                 "max_num_batched_tokens", "max_num_seqs", "num_gpu_blocks", "block_size", "enforce_eager")
        parts = [getattr(config, f"{p}_config", None) for p in ("parallel", "scheduler", "cache", "model")]
        nccl = torch.cuda.nccl.version() if torch.cuda.is_available() else ()
        return {
            "rank": int(self.rank),  # type: ignore[attr-defined]
            "host": socket.gethostname(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
            "nccl": ".".join(map(str, nccl if isinstance(nccl, tuple) else (nccl,))),
            "cuda": torch.version.cuda or "",
            "peak": int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else 0,
            "engine": {n: plain(getattr(p, n)) for n in names for p in parts if hasattr(p, n)},
        }

    def shardeck_reset_peak(self) -> None:
        import torch

        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def shardeck_leave_stacks_out(self) -> None:
        """For releases that nobody can tell to: a profiler that has not started yet still can."""
        if hasattr(getattr(self, "profiler", None), "with_stack"):
            self.profiler.with_stack = False  # type: ignore[attr-defined]

    def shardeck_cuda_profiler(self, on: bool) -> None:
        """Opens and closes the range that nsys captures."""
        import torch

        torch.cuda.profiler.start() if on else torch.cuda.profiler.stop()

    def shardeck_et_start(self, folder: str) -> None:
        """Starts torch's execution trace observer; there can be one a process."""
        from torch.profiler import ExecutionTraceObserver

        observer = ExecutionTraceObserver()
        observer.register_callback(os.path.join(folder, f"et_{self.rank}.json"))  # type: ignore[attr-defined]
        observer.start()
        self.shardeck_observer = observer

    def shardeck_et_stop(self) -> None:
        self.shardeck_observer.stop()
        self.shardeck_observer.unregister_callback()


def plain(value: Any) -> Any:
    """A value that JSON can hold."""
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


# ---------------------------------------------------------------------------------------------
# One child: one replica in one pass


@dataclass
class Part:
    """What a child found out. It is saved after each iteration, so that no end loses one."""

    path: Path
    timed: list[Iteration] = field(default_factory=list)
    traced: list[Iteration] = field(default_factory=list)
    plan: TracePlan | None = None
    ranks: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    code: int = EXIT_FAILED
    cause: str = UNFINISHED

    def save(self) -> None:
        data = dataclasses.asdict(self)
        del data["path"]
        write_json(self.path, data)

    @classmethod
    def load(cls, path: Path) -> Part:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["timed"] = [Iteration(**i) for i in data["timed"]]
        data["traced"] = [Iteration(**i) for i in data["traced"]]
        data["plan"] = TracePlan(**data["plan"]) if data["plan"] else None
        return cls(path=path, **data)


def part_path(out: Path, kind: str, dp_rank: int) -> Path:
    return out / PARTS / f"{kind}_{dp_rank}.json"


class Meeting:
    """Lets the replicas begin an iteration together, through files that all of them see."""

    def __init__(self, folder: Path, rank: int, size: int, patience: float = 3600.0) -> None:
        self.folder, self.rank, self.size, self.patience = folder, rank, size, patience

    def wait(self, name: str) -> None:
        if self.size == 1:
            return
        (self.folder / f"at_{name}_{self.rank}").touch()
        deadline = time.monotonic() + self.patience
        all_of_us = [self.folder / f"at_{name}_{r}" for r in range(self.size)]
        while not all(p.exists() for p in all_of_us):
            if (self.folder / "failed").exists():
                raise Failure(EXIT_WORKER, "another replica failed: see its part of the log")
            if time.monotonic() > deadline:
                raise Failure(EXIT_WORKER, f"the other replicas did not reach {name} in {self.patience:.0f} s: see the log")
            time.sleep(0.005)
        self.start_together(max(p.stat().st_mtime for p in all_of_us))

    def start_together(self, last_arrival: float, pause: float = 0.05) -> None:
        """Ends a little after the last arrival, at the same moment for all with one clock."""
        wait = last_arrival + pause - time.time()
        if 0 < wait <= pause:
            time.sleep(wait)


@dataclass
class Child:
    """What the steps of a child share."""

    experiment: Experiment
    able: Abilities
    place: Place
    out: Path
    part: Part
    meeting: Meeting
    llm: Any = None
    used: int = 0  # iterations so far, of any kind: each gets prompts of its own

    @property
    def first_rank(self) -> int:
        return self.place.dp_rank * self.experiment.replica_ranks

    def batch(self, tokens: int, name: str, requests: int = 0, length: int = 0) -> Iteration:
        """Runs one iteration with prompts that no other has."""
        from vllm import SamplingParams

        e = self.experiment
        prompts = make_prompts(self.place.dp_rank, self.used, requests or e.requests(self.place.dp_rank),
                               length or e.seq_len, vocabulary_of(self.llm))
        self.used += 1
        params = SamplingParams(temperature=0.0, max_tokens=tokens, min_tokens=tokens, ignore_eos=True, detokenize=False)
        self.meeting.wait(f"{name}-{self.used}")
        together = functools.partial(held, self.llm) if self.holds else contextlib.nullcontext
        return run_iteration(self.llm.llm_engine, prompts, params, f"{name}-{self.used}", together=together)

    @property
    def holds(self) -> bool:
        """Whether batches are held until they are whole. Replicas of one world pause only all together, by votes."""
        return os.environ.get("VLLM_DP_SIZE", "1") == "1" and can_hold(self.llm)


def vocabulary_of(llm: Any) -> int:
    size = getattr(getattr(llm.llm_engine, "model_config", None), "get_vocab_size", lambda: HIGHEST_TOKEN)
    return int(size())


def layers_of(llm: Any) -> int:
    config = getattr(getattr(llm.llm_engine, "model_config", None), "hf_config", None)
    return int(getattr(config, "num_hidden_layers", 0) or STEP_LAYERS)


def child_main(e: Experiment, kind: str, place: Place, out: Path) -> int:
    """Runs one pass of one replica and leaves its part; returns the exit code."""
    part = Part(part_path(out, kind, place.dp_rank))
    part.save()
    listen_for_stop()
    try:
        stage("environment") if kind == MEASURE else say("execution trace: a second engine, eager, random weights")
        run_engine(e, kind, place, out, part)
        part.code, part.cause = EXIT_DONE, ""
    except Stopped as stop:
        part.code, part.cause = EXIT_PARTIAL, f"stopped by {stop}"
    except Failure as f:
        part.code, part.cause = f.code, str(f)
    except Exception as x:
        part.code, part.cause = classify(f"{type(x).__name__}: {x}") or (EXIT_FAILED, one_line(f"{type(x).__name__}: {x}"))
        import traceback

        traceback.print_exc()
    leave(part, normally=e.nsys)
    return part.code


def run_engine(e: Experiment, kind: str, place: Place, out: Path, part: Part) -> None:
    """The work of a child. For engine torch its number is a rank, else a replica."""
    if e.engine == TORCH:
        torch_engine().run_rank(e, place.dp_rank, place, out, part)
        return
    child = Child(e, find_abilities(), place, out, part, Meeting(out / PARTS, place.dp_rank, e.dp))
    start_engine(child, kind)
    measure(child) if kind == MEASURE else trace_execution(child)


def torch_engine() -> Any:
    """The reference engine, the file beside this one."""
    sys.modules.setdefault("vllm_profiler", sys.modules[__name__])  # one Failure for both, not a second copy
    try:
        return importlib.import_module("torch_engine")
    except ModuleNotFoundError as e:
        if e.name != "torch_engine":
            raise
        raise Failure(EXIT_SOFTWARE, f"torch_engine.py is not beside {Path(__file__).name}: `shardeck generate` writes it") from e


def leave(part: Part, normally: bool) -> None:
    """Saves the part and ends the process at once: an engine that hangs while it is taken apart
    must not hold the job, and the supervisor ends its workers. Under nsys it must end in order,
    and gets a minute for it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    part.save()
    if part.code != EXIT_DONE:
        if os.environ.get(QUIET):
            print(f"shardeck: {part.path.stem}: {part.cause}", flush=True)
        (part.path.parent / "failed").touch()
    sys.stdout.flush()
    sys.stderr.flush()
    if not normally:
        os._exit(part.code)
    leave_in_time()


def leave_in_time() -> None:
    """Has the kernel end this process in a minute, whatever it hangs in: its part is there by then."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LEAVING)


def listen_for_stop() -> None:
    def stop(number: int, _frame: Any) -> NoReturn:
        raise Stopped(signal.Signals(number).name)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def start_engine(c: Child, kind: str) -> None:
    """Builds the engine and makes sure that it is what the experiment asks for."""
    e = c.experiment
    model = local_model(e, c.out)
    moe = e.dp > 1 and is_moe(e, model)
    raw = c.out / RAW_TRACES / str(c.place.dp_rank)
    raw.mkdir(parents=True, exist_ok=True)
    setup = build_setup(e, c.able, c.place, kind, str(raw.resolve()), moe, model)
    os.environ.update(setup.environment)
    c.part.missing += setup.missing
    c.part.arguments = {**setup.arguments, "env": setup.environment}
    c.part.versions = {n: v for n in ("vllm", "torch", "transformers") if (v := package_version(n))}
    c.part.versions["python"] = platform.python_version()
    if kind == MEASURE:
        stage("weights")
    from vllm import LLM

    c.llm = LLM(**setup.arguments)
    listen_for_stop()  # the engine may have set handlers of its own
    describe(c)
    if kind == MEASURE:
        check_layout(e, c.part.ranks, moe)


def describe(c: Child) -> None:
    """Asks every worker where it is and what it is part of."""
    if not c.able.has("worker_extension_cls"):
        c.part.notes.append("layout, memory and hosts are as asked for: this vLLM has no worker_extension_cls to read them back")
        c.part.ranks = [{"rank": r} for r in range(c.experiment.replica_ranks)]
        return
    ranks = sorted(c.llm.collective_rpc("shardeck_describe"), key=lambda r: r["rank"])
    if len(ranks) != c.experiment.replica_ranks:
        raise Failure(EXIT_WORKER, f"{len(ranks)} workers answer where TP x PP = {c.experiment.replica_ranks}")
    for i, r in enumerate(ranks):
        r["rank"] = i  # inside the replica, however this version counts
    c.part.ranks = ranks
    for name in ("nccl", "cuda"):
        if ranks[0].get(name):
            c.part.versions[name] = ranks[0][name]


def check_layout(e: Experiment, ranks: Sequence[Mapping[str, Any]], moe: bool) -> None:
    """Compares what the workers say with what was asked: a layout must not be in name only."""
    want = {"tensor_parallel_size": e.tp, "pipeline_parallel_size": e.pp, "enable_expert_parallel": e.ep > 1}
    if moe:
        want["data_parallel_size"] = e.dp
    for r in ranks:
        for name, value in want.items():
            got = r.get("engine", {}).get(name, value)
            if got != value:
                raise Failure(EXIT_SOFTWARE, f"the engine runs with {name} = {got}, not {value}: this vLLM cannot do the layout")


def is_moe(e: Experiment, model: str) -> bool:
    """Whether the model has experts, by its own config."""
    if e.ep > 1:
        return True
    try:
        from transformers import AutoConfig

        config = AutoConfig.from_pretrained(model, trust_remote_code=bool(e.vllm.get("trust_remote_code")))
    except Exception as x:
        raise Failure(EXIT_MODEL, f"the config of {e.model} cannot be read: {one_line(str(x))}") from x
    return any(getattr(config, n, 0) for n in ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"))


def measure(c: Child) -> None:
    """Warm-up, the untraced pass, the traced pass."""
    e = c.experiment
    if e.warmup:
        stage("warm-up")
    for i in range(e.warmup):
        c.batch(e.max_tokens, "warm-up")
        iteration_done(i + 1, e.warmup, "warm-up")
    if c.able.has("worker_extension_cls"):
        c.llm.collective_rpc("shardeck_reset_peak")
    stage("timing")
    for i in range(e.iterations):
        c.part.timed.append(c.batch(e.max_tokens, "timing"))
        c.part.save()
        iteration_done(i + 1, e.iterations, "timing")
    describe(c)
    note_lengths(c)
    if not c.holds:
        c.part.notes.append(ONE_BY_ONE)
    try:
        trace(c)
    except Exception as x:  # the numbers are there: a profiler that fails must not take them along
        c.part.missing.append(f"traced pass: {one_line(f'{type(x).__name__}: {x}')}")
        c.part.traced.clear()


def note_lengths(c: Child) -> None:
    short = sum(n != c.experiment.max_tokens for i in c.part.timed for n in i.output_tokens)
    if short:
        c.part.notes.append(f"{short} requests gave another number of tokens than max_tokens; the counts are as recorded")


def trace(c: Child) -> None:
    """The traced pass: the same workload, bounded, under the profiler."""
    e = c.experiment
    if not (e.kineto or e.nsys):
        c.part.missing.append("traces: profiling.kineto is off")
        return
    if c.part.missing:
        return  # no profiler in this vLLM, and the reason is there already
    engine = c.part.ranks[0].get("engine", {})
    one_world = (engine.get("data_parallel_size") or 1) > 1  # replicas of a dense model know nothing of each other
    c.part.plan = plan_trace(e, layers_of(c.llm), engine.get("max_num_batched_tokens") or PREFILL_CHUNK,
                             REPLICAS_MEET if one_world else 1)
    stage("profiling")
    say_plan(c.part.plan, e)
    if not e.nsys:
        leave_stacks_out(c)
        rehearse(c)
    profiler(c, True)
    for i in range(c.part.plan.iterations):
        c.part.traced.append(c.batch(c.part.plan.tokens, "profiling"))
        iteration_done(i + 1, c.part.plan.iterations, "profiling")
    stage("writing traces")
    profiler(c, False)
    if e.nsys:
        c.part.notes.append("traced by nsys: its report is written by the job script")
        return
    c.part.missing += collect_traces(raw_folder(c), c.out, c.first_rank, e.replica_ranks)


def profiler(c: Child, on: bool) -> None:
    """Starts or stops the workers' profiler, by vLLM's own call where it has one for the purpose."""
    if c.experiment.nsys and not c.able.profiler:
        if c.able.has("worker_extension_cls"):
            c.llm.collective_rpc("shardeck_cuda_profiler", args=(on,))
        return
    c.llm.start_profile() if on else c.llm.stop_profile()


def leave_stacks_out(c: Child) -> None:
    """Python stacks make traces ten times as big; up to 0.9 vLLM asks for them always, and then
    PyTorch fails when the profiler is used a second time."""
    told = c.able.profiler or c.able.reads("VLLM_TORCH_PROFILER_WITH_STACK")
    if not told and c.able.has("worker_extension_cls"):
        c.llm.collective_rpc("shardeck_leave_stacks_out")


def raw_folder(c: Child) -> Path:
    return c.out / RAW_TRACES / str(c.place.dp_rank)


def rehearse(c: Child) -> None:
    """Starts and stops the profiler once around a tiny batch: the first window of a process
    loses kernels while CUPTI wakes up. Its files are thrown away."""
    profiler(c, True)
    c.batch(2, "rehearsal", requests=1, length=min(16, c.experiment.seq_len))
    profiler(c, False)
    wait_for_traces(raw_folder(c), c.experiment.replica_ranks, patience=10.0 * PATIENCE)
    for f in raw_folder(c).iterdir():
        f.unlink()


def trace_execution(c: Child) -> None:
    """Torch's execution trace of one short eager iteration, one file a rank."""
    if not c.able.has("worker_extension_cls"):
        c.part.missing.append("execution trace: this vLLM has no worker_extension_cls to start an observer in its workers")
        return
    folder = raw_folder(c)
    c.batch(1, "et-warm-up")
    c.llm.collective_rpc("shardeck_et_start", args=(str(folder.resolve()),))
    done = c.batch(min(3, c.experiment.max_tokens), "et")
    c.llm.collective_rpc("shardeck_et_stop")
    c.part.notes.append(f"execution trace: eager, random weights, {done.output_tokens[0]} output tokens of one iteration")
    for rank in range(c.experiment.replica_ranks):
        target = c.out / f"torch_et_{c.first_rank + rank}.json.gz"
        written = [p for r in (rank, c.first_rank + rank) if (p := folder / f"et_{r}.json").exists()]
        if not written or not sound(written[0]):
            c.part.missing.append(f"{target.name}: the worker wrote {'half of one' if written else 'none'}")
            continue
        pack(written[0], target)


# ---------------------------------------------------------------------------------------------
# Files of the workers


def collect_traces(raw: Path, out: Path, first_rank: int, count: int, patience: float = 60.0 * PATIENCE) -> list[str]:
    """Finds the workers' trace files, tells their ranks and moves them to kineto_trace_<rank>.json.gz.

    Returns what is wrong with them, a sentence each. The number of files must be the number of
    ranks; a file whose rank nobody can tell stays where it is.
    """
    files = wait_for_traces(raw, count, patience)
    faults = [] if len(files) == count else [f"traces: {len(files)} files of {count} ranks in {raw}"]
    taken: dict[int, Path] = {}
    for f in files:
        rank = rank_of(f, count)
        if rank is not None and rank >= first_rank:
            rank -= first_rank  # some versions name by the rank in the whole world
        if rank is None or rank in taken or not 0 <= rank < count:
            faults.append(f"{f.name}: rank {'unknown' if rank is None else rank}; left in {raw}")
            continue
        taken[rank] = f
    for rank, f in sorted(taken.items()):
        if not sound(f):
            faults.append(f"kineto_trace_{first_rank + rank}.json.gz: the file ends too early")
        pack(f, out / f"kineto_trace_{first_rank + rank}.json.gz")
    return faults + [f"kineto_trace_{first_rank + r}.json.gz: rank {first_rank + r} wrote none"
                     for r in range(count) if r not in taken and len(files) <= count]


def wait_for_traces(raw: Path, count: int, patience: float) -> list[Path]:
    """The trace files, once all are there and none grows any more, or patience is over."""
    deadline, before = time.monotonic() + patience, None
    while True:
        files = sorted(Path(f) for f in glob.glob(f"{glob.escape(str(raw))}/*.pt.trace.json*"))
        now = [(f, f.stat().st_size) for f in files]
        if (len(files) >= count and now == before) or time.monotonic() > deadline:
            return files
        before = now
        time.sleep(min(0.5, patience / 10))


def rank_of(path: Path, count: int) -> int | None:
    """The rank inside the replica: from the name, else from distributedInfo, else the only one."""
    named = re.search(r"(?:^|[_-])rank-?(\d+)(?=[._-])", path.name)
    if named:
        return int(named.group(1))
    for text in ends_of(path):
        inside = re.search(r'"distributedInfo"\s*:\s*\{[^}]*?"rank"\s*:\s*"?(\d+)', text)
        if inside:
            return int(inside.group(1)) % count  # replicas are the outermost factor of the world
    return 0 if count == 1 else None


def ends_of(path: Path, size: int = 1 << 16) -> Iterator[str]:
    """The first and the last text of a trace, where its header may stand."""
    with contextlib.suppress(OSError, EOFError), open_text(path) as f:
        tail = f.read(size)
        yield tail.decode("utf-8", "replace")
        while chunk := f.read(1 << 20):
            tail = (tail + chunk)[-size:]
        yield tail.decode("utf-8", "replace")


def open_text(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def sound(path: Path) -> bool:
    """Whether a trace can be read to its end and closes its JSON."""
    try:
        with open_text(path) as f:
            tail = b""
            while chunk := f.read(1 << 20):
                tail = (tail + chunk)[-64:]
    except (OSError, EOFError):
        return False
    return tail.rstrip().endswith(b"}")


def pack(source: Path, target: Path) -> None:
    """Moves a file to its name, compressed if it is not yet."""
    if source.suffix == ".gz":
        os.replace(source, target)
        return
    temporary = target.with_name(f".{target.name}.tmp")
    with open(source, "rb") as f, gzip.open(temporary, "wb", compresslevel=6) as z:
        shutil.copyfileobj(f, z, 1 << 20)
    os.replace(temporary, target)
    source.unlink()


def write_json(path: Path, data: Any) -> None:
    write_text(path, json.dumps(data, indent=2, default=str) + "\n")


def write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


# ---------------------------------------------------------------------------------------------
# Causes


# What a line of an engine's log means. The most telling comes first: "worker died" is only said
# where nothing better was.
CAUSES: tuple[tuple[int, str, str], ...] = (
    (EXIT_MEMORY, r"CUDA out of memory|OutOfMemoryError|No available memory for the cache blocks|"
                  r"larger than the maximum number of tokens that can be stored in KV cache|"
                  r"larger than the available KV cache memory|less than desired GPU memory utilization",
     "out of GPU memory: raise TP or PP, or lower batch_size, seq_len or max_tokens"),
    (EXIT_MODEL, r"gated repo|GatedRepoError|RepositoryNotFoundError|401 Client Error|403 Client Error|"
                 r"is not a valid model identifier|LocalEntryNotFoundError|offline mode is enabled|"
                 r"Can't load the configuration",
     "the model cannot be had: check model.name, the hub token and hf_home, or set model.weights: dummy"),
    (EXIT_GPUS, r"No CUDA GPUs are available|no NVIDIA driver|larger than the number of available GPUs|"
                r"is out of bounds for \d+ devices|invalid device ordinal",
     "too few GPUs: fewer are visible than the layout needs"),
    (EXIT_COMM, r"NCCL error|ncclUnhandledCudaError|ncclSystemError|ncclRemoteError|gloo/transport/|DistNetworkError|"
                r"DistStoreError|Watchdog caught collective operation timeout|Connection refused|EADDRINUSE|"
                r"Address already in use",
     "ranks could not communicate: see NCCL_DEBUG=INFO in the log"),
    (EXIT_SOFTWARE, r"CUDA driver version is insufficient|undefined symbol|no kernel image is available|"
                    r"not supported for this model|does not support pipeline parallel",
     "this vLLM cannot run it here: check the driver, the GPU and the layout"),
    (EXIT_SOFTWARE, r"ModuleNotFoundError: No module named",
     "a package that vLLM needs here is missing: install it into the environment of the job"),
    (EXIT_WORKER, r"EngineDeadError|WorkerProc initialization failed|Engine core initialization failed|"
                  r"died unexpectedly|EngineCore encountered a fatal error|Segmentation fault",
     "a rank died: the log above says why"),
)


def classify(text: str) -> tuple[int, str] | None:
    """The exit code and the sentence for a line of a log, None if it says nothing of the kind."""
    if "NCCL INFO" in text:
        return None  # a report, not a fault: "dlvsym failed … undefined symbol" of an optional library
    for code, pattern, advice in CAUSES:
        if re.search(pattern, text):
            return code, f"{advice} ({one_line(text)})"
    return None


def one_line(text: str, most: int = 300) -> str:
    return " ".join(text.split())[:most]


class Witness:
    """Reads a child's output as it passes and remembers the most telling line."""

    RAISED = re.compile(r"(?:^|[ :\]])((?:\w+\.)*\w*(?:Error|Exception): \S.*)")
    COMPILING = re.compile(r"torch\.compile|Compiling a graph|Dynamo bytecode|[Cc]apturing CUDA ?[Gg]raph|Capturing cudagraphs")
    ORDER = {code: i for i, (code, _, _) in enumerate(CAUSES)}

    def __init__(self, announce: Callable[[], None]) -> None:
        self.found: tuple[int, str] | None = None
        self.raised = ""  # the first exception that is not one of CAUSES
        self.loading, self.announce, self.rest = False, announce, ""

    def cause(self) -> tuple[int, str] | None:
        """What was found; where that is no more than "a rank died", with the exception it died of."""
        if self.found and self.found[0] == EXIT_WORKER and self.raised:
            return EXIT_WORKER, f"a rank died of {self.raised}"
        return self.found

    def read(self, chunk: bytes) -> None:
        *lines, self.rest = re.split(r"[\r\n]", self.rest + chunk.decode("utf-8", "replace"))
        self.rest = self.rest[-4096:]
        for line in lines:
            self.line(line)

    def line(self, line: str) -> None:
        if line.startswith("shardeck: stage "):
            self.loading = line.endswith(" weights")
        elif self.loading and self.COMPILING.search(line):
            self.loading = False
            self.announce()
        found = classify(line)
        if not found and not self.raised and (raised := self.RAISED.search(line)):
            self.raised = one_line(raised.group(1))
        if found and (self.found is None or self.ORDER[found[0]] < self.ORDER[self.found[0]]):
            self.found = found


# ---------------------------------------------------------------------------------------------
# The supervisor


@dataclass
class Running:
    """A child under way."""

    process: subprocess.Popen[bytes]
    dp_rank: int
    witness: Witness
    pump: threading.Thread
    ended_by_us: bool = False


class Supervisor:
    """Starts the children of this node, pass by pass, and makes one run of their parts."""

    def __init__(self, e: Experiment, config: Path, out: Path, place: Place) -> None:
        self.e, self.config, self.out, self.place = e, config, out, place
        self.started = now()
        self.stopped = ""  # by which signal
        self.failed: tuple[int, str] | None = None
        self.missing: list[str] = []
        self.children: list[Running] = []
        self.settle = 3.0 * PATIENCE  # seconds for the driver to free the memory of the first engine

    @property
    def leads(self) -> bool:
        return self.place.node == 0

    def here(self) -> range:
        """Children of this node: all of them on one node, else an equal share."""
        if self.e.children == 1:
            return range(1)
        share = self.e.children // self.place.nodes
        return range(self.place.node * share, (self.place.node + 1) * share)

    def run(self) -> int:
        """The whole run; returns the exit code of the runner."""
        if self.leads:
            shutil.rmtree(self.out / PARTS, ignore_errors=True)  # of a run that was killed here
            (self.out / PARTS).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.config, self.out / "config.yaml")
            write_local_model(self.e, self.out)
            self.write_run(EXIT_FAILED, UNFINISHED)
        while not (self.out / PARTS).exists() and not self.run_is_over():
            time.sleep(0.2)  # the first node makes it
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        try:
            self.run_pass(MEASURE)
        except Failure as f:
            self.failed = (f.code, str(f))
            self.tell_others(MEASURE, self.failed)
        if not self.failed and not self.stopped:
            self.run_execution_trace()
        if self.leads:
            return self.finish()
        return EXIT_PARTIAL if self.stopped else self.failed[0] if self.failed else EXIT_DONE

    def stop(self, number: int, _frame: Any) -> None:
        self.stopped = signal.Signals(number).name
        say(f"{self.stopped}: writing what was measured")
        for c in self.children:
            end_process(c.process, signal.SIGTERM)

    def run_execution_trace(self) -> None:
        if not self.e.execution_trace:
            self.missing.append("execution trace: profiling.execution_trace is off")
        elif self.e.nsys:
            self.missing.append("execution trace: not together with nsys, which records every process of the job")
        elif self.e.engine != TORCH:  # whose ranks have taken it already, in the engine that they had
            time.sleep(self.settle)
            self.run_pass(EXECUTION_TRACE)

    def run_pass(self, kind: str) -> None:
        """Runs one pass to its end; a failure of the measuring pass is the run's."""
        if self.follows:
            if not self.head_begins(kind):
                return
            self.children = [self.start_follower(kind)]
        else:
            self.children = []
            for r in self.here():
                self.children.append(self.start_child(kind, r))
        bad = [c for c in self.wait(kind) if c.process.returncode or self.follows]  # those never end of themselves
        if bad and not self.stopped:
            self.blame(kind, bad)

    def blame(self, kind: str, bad: Sequence[Running]) -> None:
        """The cause is that of the process that tells most, on whichever node; the others often
        fell because it did, and sometimes before anybody saw it."""
        of = self.cause_of_follower if self.follows else self.cause_of
        own = sorted((c for b in bad if not b.ended_by_us if (c := of(kind, b))), key=telling)
        if own:
            self.tell_others(kind, own[0])
        told = sorted(own + self.told_by_others(kind), key=telling)
        if told and kind == MEASURE:
            self.failed = told[0]
        elif told:
            self.missing.append(f"execution trace: {told[0][1]}")

    def tell_others(self, kind: str, cause: tuple[int, str]) -> None:
        """Leaves word for the other nodes, which would wait for ranks that are gone."""
        if self.place.nodes > 1:
            with contextlib.suppress(FileNotFoundError):  # the run is over
                write_json(self.out / PARTS / f"lost_{kind}_{self.place.node}.json", cause)

    def told_by_others(self, kind: str) -> list[tuple[int, str]]:
        """Why other nodes failed in this pass."""
        if self.place.nodes == 1:
            return []
        mine = f"lost_{kind}_{self.place.node}.json"
        told = [p.read_text(encoding="utf-8") for p in (self.out / PARTS).glob(f"lost_{kind}_*.json") if p.name != mine]
        return [(int(code), str(text)) for code, text in map(json.loads, told)]

    def cause_of_follower(self, kind: str, child: Running) -> tuple[int, str] | None:
        """Why workers of a replica ended on this node; None where its head was done with them, which
        a shared file system may show a little later."""
        deadline = time.monotonic() + max(1.0, 5.0 * PATIENCE)
        while time.monotonic() < deadline:
            if self.head_is_done(kind):
                return None
            time.sleep(0.2)
        gone = f"the workers on {socket.gethostname()} ended with exit code {child.process.returncode}: see this node's log"
        return child.witness.cause() or (EXIT_WORKER, gone)

    def cause_of(self, kind: str, child: Running) -> tuple[int, str] | None:
        """Why a child failed: by its own word, else its log's; None where all was done and it fell while it left."""
        path, code = part_path(self.out, kind, child.dp_rank), child.process.returncode
        part = Part.load(path) if path.exists() else Part(path)
        if part.code == EXIT_DONE:
            return None
        cause = (part.code, part.cause)
        if part.code in (EXIT_FAILED, EXIT_WORKER):
            who = "rank" if self.e.engine == TORCH else "replica"
            ended = (EXIT_WORKER, f"{who} {child.dp_rank} was ended by signal {-code}") if code < 0 else cause
            cause = child.witness.cause() or ended
        return cause

    def start_child(self, kind: str, dp_rank: int) -> Running:
        port = self.place.port + (1 if kind == EXECUTION_TRACE else 0)
        command = [sys.executable, "-u", str(Path(__file__).resolve()), "--config", str(self.config),
                   "--engine", self.e.engine, "--output-dir", str(self.out), "--pass", kind, "--dp-rank", str(dp_rank),
                   "--nodes", str(self.place.nodes), "--node-rank", str(self.place.node),
                   "--master-addr", self.place.master, "--master-port", str(port)]
        if self.e.nsys:
            command.append("--nsys")
        return self.launch(command, dp_rank, quiet=dp_rank > 0)

    def start_follower(self, kind: str) -> Running:
        """The other nodes of a replica hold workers only, under vLLM's own headless command."""
        port = self.place.port + (1 if kind == EXECUTION_TRACE else 0)
        place = dataclasses.replace(self.place, port=port)
        raw = self.out / RAW_TRACES / "0"
        raw.mkdir(parents=True, exist_ok=True)
        model = local_model(self.e, self.out)
        setup = build_setup(self.e, find_abilities(), place, kind, str(raw.resolve()), moe=False, model=model)
        tool = ["vllm"] if shutil.which("vllm") else [sys.executable, "-m", "vllm.entrypoints.cli.main"]
        command = [*tool, "serve", model, "--headless", *command_line(setup.arguments)]
        return self.launch(command, 0, quiet=True, extra=setup.environment)

    def launch(self, command: list[str], dp_rank: int, quiet: bool, extra: Mapping[str, str] = {}) -> Running:
        here = str(Path(__file__).resolve().parent)  # the workers import this file as a module
        path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
        environment = {**os.environ, **self.e.env, **extra, "PYTHONPATH": path}
        if quiet:
            environment[QUIET] = "1"
        try:
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent)
        except OSError as e:
            raise Failure(EXIT_SOFTWARE, f"{command[0]} does not start: {e}; is the environment with vLLM active?") from e
        witness = Witness((lambda: None) if quiet else (lambda: stage("compile")))
        pump = threading.Thread(target=pass_on, args=(process, witness), daemon=True)
        pump.start()
        return Running(process, dp_rank, witness, pump)

    def wait(self, kind: str, grace: float = GRACE) -> list[Running]:
        """Waits for the children and returns them in the order in which they ended. When one fails,
        here or on another node, or the run is stopped, the others get `grace` seconds and are then
        ended: all ranks end."""
        ended: list[Running] = []
        deadline = math.inf
        while len(ended) < len(self.children):
            ended += [c for c in self.children if c not in ended and c.process.poll() is not None]
            failed = any(c.process.returncode for c in ended) or self.told_by_others(kind)
            if deadline == math.inf and (self.stopped or failed or self.head_is_done(kind)):
                deadline = time.monotonic() + (grace if not self.follows else 5.0)
            if time.monotonic() > deadline:
                for c in self.children:
                    c.ended_by_us = c.ended_by_us or c not in ended
                    end_process(c.process, signal.SIGKILL)
            time.sleep(0.05)
        for c in self.children:
            end_process(c.process, signal.SIGKILL)  # workers that outlived their engine
            c.pump.join(timeout=5)
        return ended

    @property
    def follows(self) -> bool:
        """Whether this node only holds workers of a replica whose head is on another."""
        return self.e.children == 1 and self.place.node > 0

    def head_begins(self, kind: str) -> bool:
        """Waits until the head begins a pass; false when it will not."""
        while not part_path(self.out, kind, 0).exists():
            if self.stopped or self.run_is_over():
                return False
            time.sleep(0.2)
        return True

    def head_is_done(self, kind: str) -> bool:
        """On another node of a replica: whether the head has ended this pass."""
        if not self.follows:
            return False
        try:
            return Part.load(part_path(self.out, kind, 0)).cause != UNFINISHED
        except FileNotFoundError:
            return self.run_is_over()

    def run_is_over(self) -> bool:
        try:
            return bool(json.loads((self.out / "run.json").read_text(encoding="utf-8")).get("cause") != UNFINISHED)
        except FileNotFoundError:
            return False

    def parts(self, kind: str, patience: float) -> list[Part]:
        """The parts of all children, in order; those of other nodes may come a little later."""
        deadline = time.monotonic() + patience
        while True:
            paths = [part_path(self.out, kind, r) for r in range(self.e.children)]
            found = [Part.load(p) for p in paths if p.exists()]
            open_ended = [p for p in found if p.cause == UNFINISHED]
            if (len(found) == self.e.children and not open_ended) or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def finish(self) -> int:
        """Writes timing_stats and run.json from the parts, and says how the run ended."""
        patience = 60.0 if self.place.nodes > 1 and self.e.children > 1 else 0.0
        parts = self.parts(MEASURE, patience)
        extra = self.parts(EXECUTION_TRACE, 0.0)
        for p in parts:
            write_timing(p, self.out, self.e.child_ranks, number_of(p))
        lost = [m for p in parts for m in p.missing]
        self.missing += self.undone(parts) + lost + [m for p in extra for m in p.missing]
        code, cause = self.outcome(parts, lost)
        self.write_run(code, cause, parts, extra)
        self.clear(code)
        if code == EXIT_DONE:
            stage("done")
        else:
            say(cause)
        return code

    def undone(self, parts: Sequence[Part]) -> list[str]:
        """What an early end left out."""
        done = min((len(p.timed) for p in parts), default=0)
        out = [f"timing: {done} of {self.e.iterations} iterations were done"] if done < self.e.iterations else []
        traced = glob.glob(f"{glob.escape(str(self.out))}/kineto_trace_*")
        if (self.stopped or self.failed) and self.e.kineto and len(traced) < self.e.ranks:
            out.append(f"traces: {len(traced)} of {self.e.ranks} ranks have one")
        return out

    def outcome(self, parts: Sequence[Part], lost: Sequence[str]) -> tuple[int, str]:
        if self.stopped:
            return EXIT_PARTIAL, f"stopped by {self.stopped} before the end: what was measured is written"
        if self.failed:
            told = [(p.code, p.cause) for p in parts if p.code not in (EXIT_DONE, EXIT_FAILED, EXIT_WORKER, EXIT_PARTIAL)]
            return min([self.failed, *told], key=telling) if self.failed[0] == EXIT_WORKER else self.failed
        broken = [p for p in parts if p.code not in (EXIT_DONE, EXIT_PARTIAL)]
        if broken:
            return broken[0].code, broken[0].cause
        if len(parts) < self.e.children:
            lost_ones = f"{self.e.children - len(parts)} of {self.e.children} processes"
            return EXIT_WORKER, f"{lost_ones} left no result: see their part of the log"
        if lost and (self.e.kineto or self.e.nsys):
            return EXIT_TRACES, f"timing is sound, traces are not: {lost[0]}"
        return EXIT_DONE, ""

    def write_run(self, code: int, cause: str, parts: Sequence[Part] = (), extra: Sequence[Part] = ()) -> None:
        write_json(self.out / "run.json", run_info(self, code, cause, parts, extra))

    def clear(self, code: int) -> None:
        """Takes away what only the children needed; after a failure raw traces stay for a look."""
        for made_here in (PARTS, LOCAL_MODEL):
            shutil.rmtree(self.out / made_here, ignore_errors=True)
        raw = self.out / RAW_TRACES
        if code in (EXIT_DONE, EXIT_PARTIAL) or not any(p.is_file() for p in raw.rglob("*")):
            shutil.rmtree(raw, ignore_errors=True)


def telling(cause: tuple[int, str]) -> int:
    """Orders causes: what a person can act upon, a process that was ended, one that failed; last
    what befalls the others of such a one: they cannot reach it, or give up."""
    code, text = cause
    if "was ended by signal" in text:
        return 1
    return {EXIT_FAILED: 2, EXIT_COMM: 3, EXIT_WORKER: 4}.get(code, 0)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number_of(p: Part) -> int:
    """The child that left a part: a replica, or a rank."""
    return int(p.path.stem.rsplit("_", 1)[1])


def end_with_parent() -> None:
    """In the child, before it runs: ask the kernel for SIGTERM should the supervisor be killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def end_process(process: subprocess.Popen[bytes], number: int) -> None:
    """Signals a child; SIGKILL reaches all it started, SIGTERM it alone: it ends its own workers."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)


def pass_on(process: subprocess.Popen[bytes], witness: Witness) -> None:
    """Copies a child's output to ours as it comes."""
    assert process.stdout is not None
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
        witness.read(chunk)


def run_info(s: Supervisor, code: int, cause: str, parts: Sequence[Part], extra: Sequence[Part]) -> dict[str, Any]:
    """run.json, as model.RunInfo of shardeck reads it. What is not known is left out."""
    first = parts[0] if parts else None
    plan = first.plan if first else None
    ranks = [r for p in parts for r in p.ranks]
    timed = min((len(p.timed) for p in parts), default=0)
    # The report of nsys is made when all this has ended: whether there is one, its job script tells.
    traces = s.e.ranks if s.e.nsys else len(glob.glob(f"{glob.escape(str(s.out))}/kineto_trace_*"))
    status = "complete" if code == EXIT_DONE else "partial" if timed else "failed"
    info: dict[str, Any] = {
        "schema": 1, "runner": "vllm_profiler.py", "engine": s.e.engine, "experiment_id": s.e.id,
        "job_id": os.environ.get("SHARDECK_JOB_ID", os.environ.get("SLURM_JOB_ID", "")),
        "status": status, "exit_code": code, "cause": cause,
        "missing": unique(s.missing), "notes": unique(n for p in [*parts, *extra] for n in p.notes),
        "start": s.started, "end": now(), "world_size": s.e.ranks,
        "hosts": [r["host"] for r in ranks if r.get("host")], "gpu": ranks[0].get("gpu", "") if ranks else "",
        "versions": first.versions if first else {},
        "effective": {"asked": first.arguments, "engine": ranks[0].get("engine", {})} if first and ranks else {},
        "timed_iterations": timed,
        "traced_iterations": len(first.traced) if first and traces == s.e.ranks else 0,
        "traced_tokens": plan.tokens if plan else 0,
        "trace_bytes_estimate": plan.bytes if plan else 0,
    }
    if slow := slowdown(first):
        info["notes"].append(slow)
    return {k: v for k, v in info.items() if v not in ("", [], {})}


def slowdown(p: Part | None) -> str:
    """How much the profiler costs, a decode step compared with a decode step."""
    if p is None or not p.timed or not p.traced:
        return ""
    plain_tpot = mean(t for i in p.timed for t in i.tpot)
    traced_tpot = mean(t for i in p.traced for t in i.tpot)
    if not plain_tpot or not traced_tpot:
        return ""
    return f"the traced pass takes {traced_tpot / plain_tpot:.2f} times the time of the untraced one per output token"


def unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def write_timing(p: Part, out: Path, ranks: int, child: int) -> None:
    """timing_stats_<rank>.json for each rank of a child; none where nothing was measured."""
    if not p.timed:
        return
    for r in range(ranks):
        peak = p.ranks[r].get("peak", 0) if r < len(p.ranks) else 0
        write_json(out / f"timing_stats_{child * ranks + r}.json", timing_stats(p.timed, p.traced, peak))


def timing_stats(timed: Sequence[Iteration], traced: Sequence[Iteration], peak: int) -> dict[str, Any]:
    """The contents of timing_stats_<rank>.json. Two populations that never mix."""
    stats: dict[str, Any] = {
        "unprofiled_iteration_times": [i.seconds for i in timed],
        "unprofiled_ttft": [i.ttft for i in timed],
        "unprofiled_tpot": [i.tpot for i in timed],
        "unprofiled_input_tokens": [i.input_tokens for i in timed],
        "unprofiled_output_tokens": [i.output_tokens for i in timed],
    }
    if traced:
        seconds, ttft = [i.seconds for i in traced], [t for i in traced for t in i.ttft]
        tpot = [t for i in traced for t in i.tpot if t is not None]
        stats.update({
            "iteration_times": seconds, "ttft": [i.ttft for i in traced], "tpot": [i.tpot for i in traced],
            "input_tokens": [i.input_tokens for i in traced], "output_tokens": [i.output_tokens for i in traced],
            "avg_iteration_time": mean(seconds), "min_iteration_time": min(seconds), "max_iteration_time": max(seconds),
            "ttft_avg": mean(ttft), "ttft_p99": percentile(ttft, 99),
            "tpot_avg": mean(tpot), "tpot_p99": percentile(tpot, 99),
        })
    if peak:
        stats["peak_memory_bytes"] = peak
    return {k: v for k, v in stats.items() if v is not None}


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of the values there are; None of none."""
    there = [v for v in values if v is not None]
    return math.fsum(there) / len(there) if there else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Linear interpolation between the nearest two, as numpy does it."""
    if not values:
        return None
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


# ---------------------------------------------------------------------------------------------
# The command line


def find_place(a: argparse.Namespace) -> Place:
    """This node among the job's, from the command line or else from Slurm."""
    nodes = a.nodes or int(os.environ.get("SLURM_NNODES", os.environ.get("SLURM_JOB_NUM_NODES", "1")))
    node = a.node_rank if a.node_rank is not None else int(os.environ.get("SLURM_NODEID", "0"))
    port = a.master_port or int(os.environ.get("MASTER_PORT", "0")) or (agreed_port() if nodes > 1 else free_port())
    master = a.master_addr or os.environ.get("MASTER_ADDR", "") or (first_host() if nodes > 1 else "127.0.0.1")
    return Place(nodes, node, master, port, a.dp_rank or 0)


def agreed_port() -> int:
    """A port that all nodes of a job come to by themselves, and another job hardly does."""
    return 29501 + 2 * (int(os.environ.get("SLURM_JOB_ID", "0")) % 1000)


def free_port() -> int:
    """A port that nobody uses on this machine now: jobs may share it."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def first_host() -> str:
    """The first node of the job, by Slurm's own tool."""
    hosts = os.environ.get("SLURM_JOB_NODELIST", "")
    try:
        out = subprocess.run(["scontrol", "show", "hostnames", hosts], capture_output=True, text=True, timeout=30, check=True)
        return out.stdout.split()[0]
    except (OSError, subprocess.SubprocessError, IndexError) as e:
        raise Failure(EXIT_COMM, f"the first node of the job is not known ({e}): set MASTER_ADDR") from e


def check_place(e: Experiment, place: Place) -> None:
    """Refuses what cannot be laid out before anything is loaded."""
    if e.ranks % place.nodes:
        raise Failure(EXIT_CONFIG, f"{e.ranks} ranks do not spread evenly over {place.nodes} nodes")
    if e.engine == VLLM and e.dp > 1 and e.dp % place.nodes:
        raise Failure(EXIT_CONFIG, f"a replica of {e.replica_ranks} GPUs would cross nodes: with DP, TP x PP must fit one node")
    if os.environ.get("SHARDECK_DEVICE") == "cpu":
        return  # for tests; never chosen by itself
    here, need = count_gpus(), e.ranks // place.nodes
    if here is not None and here < need:
        raise Failure(EXIT_GPUS, f"{here} GPUs are visible on {socket.gethostname()}, the layout needs {need} on each node")


def count_gpus() -> int | None:
    """GPUs this job may use here, without making a CUDA context; None if nobody can tell."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([d for d in visible.split(",") if d.strip()])
    try:
        out = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True)
    except FileNotFoundError:
        return 0
    except (OSError, subprocess.SubprocessError):
        return None
    return sum(line.startswith("GPU ") for line in out.stdout.splitlines())


def check_vacant(out: Path) -> None:
    """Nothing is overwritten: a folder that holds a run is refused."""
    for pattern in ("run.json", "timing_stats_*", "kineto_trace_*", "torch_et_*"):
        for found in glob.glob(f"{glob.escape(str(out))}/{pattern}"):
            name = Path(found).name
            raise Failure(EXIT_CONFIG, f"{out} holds a run already ({name}): give another --output-dir, or move it away")


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description="Runs one experiment and writes what shardeck reads.",
                                epilog="What it writes, and its exit codes, are described at the top of this file.")
    p.add_argument("--config", required=True, help="the experiment's YAML")
    p.add_argument("--output-dir", required=True, help="folder to write to; must not hold a run yet")
    p.add_argument("--engine", choices=(VLLM, TORCH), help="instead of the config's engine")
    p.add_argument("--nsys", action="store_true", help="the job runs under nsys: no torch profiler")
    p.add_argument("--nodes", type=int, help="nodes of the job (default: Slurm's)")
    p.add_argument("--node-rank", type=int, help="this node among them (default: Slurm's)")
    p.add_argument("--master-addr", help="the first node (default: MASTER_ADDR, else Slurm's first host)")
    p.add_argument("--master-port", type=int, help="default: MASTER_PORT, else chosen")
    p.add_argument("--pass", dest="kind", choices=(MEASURE, EXECUTION_TRACE), help=argparse.SUPPRESS)
    p.add_argument("--dp-rank", type=int, help=argparse.SUPPRESS)
    return p.parse_args(argv)


def run(argv: Sequence[str] | None) -> int:
    a = parse_arguments(argv)
    e = read_config(a.config)
    e = dataclasses.replace(e, nsys=e.nsys or a.nsys, engine=a.engine or e.engine)
    if e.engine not in (VLLM, TORCH):
        raise Failure(EXIT_SOFTWARE, f"engine {e.engine} is not in this runner: it runs vllm and torch; "
                                     "replay is run by `shardeck replay`")
    if os.environ.get("SLURM_LOCALID", "0") != "0" and not a.kind:
        return EXIT_DONE  # one runner a node; it starts what it needs
    out, place = Path(a.output_dir), find_place(a)
    if a.kind:
        return child_main(e, a.kind, place, out)
    check_place(e, place)
    if place.node == 0:
        check_vacant(out)
    return Supervisor(e, Path(a.config), out, place).run()


def main(argv: Sequence[str] | None = None) -> int:
    try:
        return run(argv)
    except Failure as f:
        print(f"shardeck: {f}", file=sys.stderr, flush=True)
        return f.code
    except Stopped as s:
        print(f"shardeck: stopped by {s}", file=sys.stderr, flush=True)
        return EXIT_PARTIAL


if __name__ == "__main__":
    sys.exit(main())
