"""The experiment: the keys of a config that the runner needs, checked."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shardeck_runner.contract import HIDDEN, TORCH, Exit, Failure, is_secret

DEFAULT_REQUESTS = 200  # of a load that says no number


@dataclass(frozen=True)
class Load:
    """Requests that arrive while others are served, and the limits that make one good."""

    rate: float  # requests a second; 0: the next comes when one is served
    concurrency: int  # requests at once, at most; 0: no bound
    requests: int
    shape: str  # poisson or constant: how far apart they come
    slo: Mapping[str, float]  # ms, by the names of `vllm bench serve`: ttft, tpot, e2el


@dataclass(frozen=True)
class Experiment:
    """The values of a config; keys that the runner does not need are left to others."""

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
    calibrate: tuple[str, ...] = ()  # models whose sizes are measured, instead of a run
    load: Load | None = None  # None: batches, iteration by iteration

    @property
    def ranks(self) -> int:
        return self.tp * self.pp * self.dp

    @property
    def replica_ranks(self) -> int:
        return self.tp * self.pp

    @property
    def children(self) -> int:
        """Processes that the runner starts: vLLM starts its workers itself, one engine a replica; a server all of them."""
        return self.ranks if self.engine == TORCH else 1 if self.load else self.dp

    @property
    def child_ranks(self) -> int:
        return self.ranks // self.children

    @property
    def secrets(self) -> list[str]:
        """Values that go to no file. Those of three letters are no secrets, and would be found everywhere."""
        given = [*self.env.items(), *((n, v) for n, v in self.vllm.items() if isinstance(v, str))]
        return [v for n, v in given if len(v) > 3 and is_secret(n, v)]

    def requests(self, dp_rank: int) -> int:
        """Requests of one replica: batch_size counts over all of them, and each needs one. Under load those at once."""
        share, rest = divmod(self.load.concurrency if self.load else self.batch_size, self.dp)
        return max(1, share + (1 if dp_rank < rest else 0))


def read_config(path: str) -> Experiment:
    """Reads a config file. A config that is JSON needs no PyYAML."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise Failure(Exit.CONFIG, f"{path}: {e}") from e
    try:
        import yaml
    except ImportError:
        yaml = None
    try:
        data = json.loads(text) if yaml is None else yaml.safe_load(text)
    except ValueError as e:
        raise Failure(
            Exit.SOFTWARE,
            "PyYAML is missing, and vLLM brings it: is the environment with vLLM active? "
            "See runtime in shardeck.yaml",
        ) from e
    except yaml.YAMLError as e:
        raise Failure(Exit.CONFIG, f"{path}: not YAML: {' '.join(str(e).split())}") from e
    if not isinstance(data, dict):
        raise Failure(Exit.CONFIG, f"{path}: holds no keys; write one with `shardeck new`")
    try:
        return parse_experiment(data)
    except ValueError as e:
        raise Failure(Exit.CONFIG, f"{path}: {e}") from e


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

    def positive(self, path: str) -> float:
        """A number above 0; 0 where none is given."""
        value = self.get(path, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ValueError(f"{path}: {value!r} is no number above 0")
        return float(value)

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


def unhidden(env: dict[str, str]) -> dict[str, str]:
    """Variables whose values a config made for one job hides are those of this process."""
    return {n: os.environ[n] if v == HIDDEN else v for n, v in env.items() if v != HIDDEN or n in os.environ}


def parse_experiment(data: Mapping[str, Any]) -> Experiment:
    """Checks the values the runner depends on; ValueError names key and fault."""
    k = Keys(data)
    load = parse_load(k)
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
        iterations=k.number("profile_iterations", 5, least=0 if k.get("calibrate", ()) else 1),
        kineto=k.flag("profiling.kineto", True) and load is None,
        execution_trace=k.flag("profiling.execution_trace", True) and load is None,
        nsys=k.flag("profiling.nsys", False),
        trace_iterations=k.auto("profiling.trace_iterations"),
        trace_tokens=k.auto("profiling.trace_tokens"),
        all_reduce=k.word("comm.all_reduce", "auto", ("auto", "nccl", "custom", "symm_mem")),
        all2all=k.word("comm.all2all", "auto"),
        env=unhidden({str(n): str(v) for n, v in k.mapping("env").items()}),
        vllm=k.mapping("vllm"),
        calibrate=tuple(str(m) for m in k.get("calibrate", ())),
        load=load,
    )
    check_experiment(e)
    return e


def parse_load(k: Keys) -> Load | None:
    """The load of a server; None where the config asks for neither a rate nor a concurrency."""
    rate, concurrency = k.positive("load.rate"), k.number("load.concurrency", 0, least=0)
    if not rate and not concurrency:
        return None
    limits = {"ttft": k.positive("slo.ttft"), "tpot": k.positive("slo.tpot"), "e2el": k.positive("slo.e2e")}
    return Load(rate, concurrency, k.number("load.requests", 0, least=0) or DEFAULT_REQUESTS,
                k.word("load.shape", "poisson", ("poisson", "constant")), {n: v for n, v in limits.items() if v})


def check_experiment(e: Experiment) -> None:
    if not e.model:
        raise ValueError("model.name is missing: give a hub id such as meta-llama/Llama-3.1-8B")
    if e.ep not in (1, e.tp * e.dp):
        raise ValueError(f"parallelism.ep: EP re-uses the TP x DP ranks, so it is 1 or {e.tp * e.dp}, not {e.ep}")
    if e.load and (e.engine == TORCH or e.nsys):
        raise ValueError("load: a server under load is vLLM's, and not under nsys: set engine to vllm, profiling.nsys to false")
    if e.batch_size < e.dp and not e.load:
        raise ValueError(f"data.batch_size: {e.batch_size} requests do not reach {e.dp} replicas; give each at least one")
