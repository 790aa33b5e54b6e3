"""A server of vLLM under load: its API server, and `vllm bench serve` of the same release as the client."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shardeck_runner.contract import MEASURE, Exit, Failure, log, stage
from shardeck_runner.environment import nvidia_smi
from shardeck_runner.experiment import Experiment
from shardeck_runner.models import local_model
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.results import ProcessResult
from shardeck_runner.signals import end_with_parent, raise_when_stopped
from shardeck_runner.vllm_arguments import (
    build_setup,
    command_line,
    find_abilities,
    package_version,
    vllm_command,
)

RESULT = "bench_serve.json"  # as `vllm bench serve` wrote it
CONSTANT = 10000.0  # burstiness at which requests come at equal distances, within 1 %
ROUND = 4  # requests of a round of warm-up where no concurrency is given


@contextlib.contextmanager
def open_server(e: Experiment, where: Rendezvous, out: Path, result: ProcessResult) -> Iterator[Server]:
    """A server that answers. `out` is where the config of a model made here lies."""
    server = Server(e, where, out, result)
    try:
        server.start()
        yield server
    finally:
        server.end()


class Server:
    """vLLM's API server, and what is found out about it. A ServingEngine as child.py sees it."""

    process: subprocess.Popen[bytes] | None = None

    def __init__(self, e: Experiment, where: Rendezvous, out: Path, result: ProcessResult) -> None:
        if where.nodes > 1:
            raise Failure(Exit.CONFIG, f"load: the server and its client are on one node, and this job has {where.nodes}")
        self.e, self.where, self.result = e, where, result
        self.able, self.options = find_abilities(), bench_options()
        self.model = local_model(e, out)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]

    def start(self) -> None:
        setup = build_setup(self.e, self.able, self.where, MEASURE, "", moe=False, model=self.model)
        setup.set_default("VLLM_SERVER_DEV_MODE", "1")  # so that its workers can be asked what they are
        os.environ.update(setup.environment)
        result = self.result
        result.arguments = {**setup.arguments, "env": setup.environment}
        result.versions = {n: v for n in ("vllm", "torch", "transformers") if (v := package_version(n))}
        result.versions["python"] = platform.python_version()
        quiet = ["--uvicorn-log-level", "warning"]  # not a line a request
        if "disable_log_requests" in server_arguments():
            quiet.append("--disable-log-requests")
        stage("weights")
        self.process = start([*vllm_command(), "serve", self.model, *command_line(setup.arguments),
                              "--host", "127.0.0.1", "--port", str(self.port), *quiet])
        raise_when_stopped()
        while not self.answers("/health"):
            if (code := self.process.poll()) is not None:
                raise Failure(Exit.FAILED, f"vllm serve ended with exit code {code} before it answered: see its log")
            time.sleep(0.5)
        self.describe()

    def end(self) -> None:
        """Ends the server; the supervisor ends what it leaves."""
        if self.process:
            self.process.terminate()

    def ask(self, path: str, body: Any = None, patience: float = 30.0) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"})
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=patience) as answer:
            return bytes(answer.read())

    def answers(self, path: str) -> bool:
        try:
            self.ask(path)
        except (OSError, urllib.error.URLError, ValueError):
            return False
        return True

    def describe(self) -> None:
        """Asks every worker where it is; where the server passes no questions on, the node says what GPUs it has."""
        ranks: list[dict[str, Any]] = []
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(self.ask("/collective_rpc", {"method": "shardeck_describe"}, patience=120.0))["results"]
            ranks = sorted((dict(r) for r in told), key=lambda r: r["rank"])
        if len(ranks) != self.e.ranks:
            self.result.notes.append("layout and memory are as asked for: this server does not let its workers be asked")
            names = nvidia_smi("name")
            ranks = [{"host": socket.gethostname(), "gpu": names[0] if names else ""} for _ in range(self.e.ranks)]
        self.result.ranks = [{**r, "rank": i} for i, r in enumerate(ranks)]
        self.result.versions.update({n: ranks[0][n] for n in ("nccl", "cuda") if ranks[0].get(n)})

    # Points

    def serve(self, e: Experiment, out: Path, result: ProcessResult, kind: str) -> None:
        """One load on the server. Raises what went wrong."""
        assert e.load
        if e.warmup:
            stage("warm-up")
            self.bench(e, min(e.load.requests, e.warmup * (e.load.concurrency or ROUND)), seed=0)
        stage("timing")
        arguments = self.bench(e, e.load.requests, zlib.crc32(e.id.encode()) or 1, out)
        try:
            told = json.loads((out / RESULT).read_text(encoding="utf-8"))
            done = int(told["completed"])
        except (OSError, ValueError, KeyError, TypeError) as x:
            raise Failure(Exit.FAILED, f"vllm bench serve left no {RESULT} that can be read: {x}") from x
        if not done:
            lines = [line for text in told.get("errors") or [] for line in str(text).splitlines() if line.strip()]
            error = lines[-1] if lines else "see its log"
            raise Failure(Exit.FAILED, f"none of {e.load.requests} requests was served: {error[:200]}")
        result.serving = {"arguments": arguments, "requests": e.load.requests, "completed": done}
        if done < e.load.requests:
            lost = f"{e.load.requests - done} of {e.load.requests} requests failed"
            result.missing.append(f"serving: {lost}: see errors in {RESULT}")

    def bench(self, e: Experiment, requests: int, seed: int, out: Path | None = None) -> list[str]:
        """Sends requests and returns the arguments of it; its result goes to `out`, if anywhere."""
        assert e.load
        arguments = bench_arguments(e, requests, seed, self.options)
        if out:
            arguments += ["--save-result", "--result-dir", str(out.resolve()), "--result-filename", RESULT,
                          *(["--save-detailed"] if "--save-detailed" in self.options else [])]
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--model", self.model,
                 *(["--trust-remote-code"] if e.vllm.get("trust_remote_code") else [])]
        if e.load.rate:
            log(f"{requests} requests at {e.load.rate:g} a second: about {requests / e.load.rate:.0f} s")
        client = start([*vllm_command(), "bench", "serve", *where, *arguments])
        try:
            code = client.wait()
        finally:
            client.kill()
        if code:
            raise Failure(Exit.FAILED, f"vllm bench serve ended with exit code {code}: see its log")
        return arguments

    def is_sound(self) -> bool:
        return self.process is not None and self.process.poll() is None and self.answers("/health")


def bench_arguments(e: Experiment, requests: int, seed: int, options: Sequence[str] | frozenset[str]) -> list[str]:
    """The load as arguments of `vllm bench serve`. Percentiles come from its list of requests where it writes
    one; they are asked for all the same, for a reader of the file."""
    assert e.load
    out = ["--dataset-name", "random", "--random-input-len", str(e.seq_len), "--random-output-len", str(e.max_tokens),
           "--num-prompts", str(requests), "--seed", str(seed), "--ignore-eos", "--disable-tqdm",
           "--percentile-metrics", "ttft,tpot,itl,e2el", "--metric-percentiles", "50,99",
           "--request-rate", f"{e.load.rate:g}" if e.load.rate else "inf"]
    if e.load.rate and e.load.shape == "constant":
        out += ["--burstiness", f"{CONSTANT:g}"]
    if e.load.concurrency:
        out += ["--max-concurrency", str(e.load.concurrency)]
    if e.load.slo:
        out += ["--goodput", *(f"{n}:{v:g}" for n, v in e.load.slo.items())]
    if "--temperature" in options:
        out += ["--temperature", "0"]
    for option in ("--burstiness", "--max-concurrency", "--goodput"):
        if option in out and option not in options:
            raise Failure(Exit.SOFTWARE, f"load: bench serve of this vLLM has no {option}: use a newer one")
    return out


def bench_options() -> frozenset[str]:
    """The options of this release's `vllm bench serve`."""
    try:
        module = importlib.import_module("vllm.benchmarks.serve")
        parser = argparse.ArgumentParser(conflict_handler="resolve")
        module.add_cli_args(parser)
    except (ImportError, AttributeError) as x:
        raise Failure(Exit.SOFTWARE, f"load needs `vllm bench serve`, which this vLLM has not, or not whole ({x}): "
                                     "use 0.8 or newer, installed as vllm[bench]") from x
    return frozenset(o for a in parser._actions for o in a.option_strings)


def server_arguments() -> frozenset[str]:
    """Fields of the server's own arguments beyond the engine's."""
    try:
        fields = importlib.import_module("vllm.engine.arg_utils").AsyncEngineArgs.__dataclass_fields__
    except (ImportError, AttributeError):
        return frozenset()
    return frozenset(fields)


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts a process whose output is this one's, and which ends with it."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=end_with_parent)
