"""A double of vllm.LLM: it answers as the engine does, one token a request and step, and its
"profiler" writes files named as a generation's workers name theirs. Environment variables make
it fail: DOUBLE_FAIL=oom|gated|die|hang, DOUBLE_LARGE=<requests>:refuse|oom|die,
DOUBLE_TRACES=lost|cut|refused, DOUBLE_STEP=<seconds>."""

from __future__ import annotations

import gzip
import importlib
import json
import os
import signal
import sys
import time
from types import SimpleNamespace

from vllm_double_generation import ARGUMENTS, HOLDS, TOKENIZER, TRACE_NAME, VARIABLES


class SamplingParams:
    def __init__(self, **given):
        self.__dict__.update(given)
        assert given["ignore_eos"] and given["min_tokens"] == given["max_tokens"], given


class EngineDouble:
    def __init__(self, model):
        self.requests = {}
        self.held = self.tells_experts = False
        self.seen = set()
        self.last_token = last_token(model) if TOKENIZER else 10**6
        self.model_config = SimpleNamespace(
            get_vocab_size=lambda: vocabulary(model), hf_config=SimpleNamespace(num_hidden_layers=32)
        )

    def add_request(self, name, prompt, params):
        assert self.held or not HOLDS or os.environ.get("VLLM_DP_SIZE", "1") != "1", "a batch came in pieces"
        key = tuple(prompt["prompt_token_ids"])
        assert key not in self.seen, "a prompt came twice"
        self.seen.add(key)
        assert max(key) <= self.last_token, f"Token id {max(key)} is out of vocabulary"
        if self.too_large(len(self.requests) + 1) == "refuse":
            self.requests.clear()
            raise ValueError("the batch is larger than the engine takes")
        self.requests[name] = [0, params.max_tokens]

    def too_large(self, requests):
        """How a batch of so many requests fails; empty: it does not."""
        most, _, how = os.environ.get("DOUBLE_LARGE", "").partition(":")
        return how if most and requests >= int(most) else ""

    def has_unfinished_requests(self):
        return bool(self.requests)

    def step(self):
        assert not self.held, "a step while the scheduler is paused waits for ever"
        time.sleep(float(os.environ.get("DOUBLE_STEP", "0.001")))
        outputs = []
        if how := self.too_large(len(self.requests)):
            fail(how)
        for name, state in list(self.requests.items()):
            state[0] += 1
            ended = state[0] == state[1]
            tokens = SimpleNamespace(token_ids=[5] * state[0])
            if ended and self.tells_experts:  # two tokens of prompt, one decoded: expert 1, then 1 and 2, then 3
                tokens.routed_experts = [[[0, 1]], [[1, 2]], [[3, 0]]]
            outputs.append(SimpleNamespace(request_id=name, outputs=[tokens], finished=ended, prompt_token_ids=[7, 8]))
            if state[0] == state[1]:
                del self.requests[name]
        return outputs


class OldSleep:
    def sleep(self, level=1):
        raise AssertionError("it would put the weights away")


class ModalSleep:
    """Of releases whose level 0 pauses the scheduler and nothing else."""

    def sleep(self, level=1, mode="abort"):
        assert (level, mode, self.llm_engine.held) == (0, "abort", False)
        assert os.environ.get("VLLM_DP_SIZE", "1") == "1", "replicas of one world pause by votes"
        self.llm_engine.held = True

    def wake_up(self, tags=None):
        assert tags == ["scheduling"]
        self.llm_engine.held = False


class LLM(ModalSleep if HOLDS else OldSleep):
    def __init__(self, **arguments):
        unknown = set(arguments) - set(ARGUMENTS)
        assert not unknown, f"EngineArgs has no {unknown}"
        fail(os.environ.get("DOUBLE_FAIL", ""))
        self.arguments = arguments
        self.llm_engine = EngineDouble(arguments["model"])
        self.profiling = False
        self.workers = [self.worker(r) for r in range(self.size)]
        self.llm_engine.tells_experts = arguments.get("enable_return_routed_experts", False)
        if self.llm_engine.tells_experts and os.environ.get("DOUBLE_EXPERTS") == "refused":
            raise ValueError("routed experts need the other model runner")
        config = arguments.get("profiler_config") or {}
        if config.get("capture_torch_profiler"):
            os.makedirs(os.path.join(config["torch_profiler_dir"], "capture_traces"))
            with open(os.path.join(config["torch_profiler_dir"], "capture_traces", "graph_capture_rank_0.json"), "w") as f:
                f.write('{"traceEvents": []}')

    @property
    def size(self):
        return self.arguments["tensor_parallel_size"] * self.arguments["pipeline_parallel_size"]

    def worker(self, rank):
        module, name = self.arguments["worker_extension_cls"].rsplit(".", 1)
        worker = getattr(importlib.import_module(module), name)()
        parallel = {n: self.arguments.get(n) for n in ("tensor_parallel_size", "pipeline_parallel_size")}
        parallel["enable_expert_parallel"] = bool(self.arguments.get("enable_expert_parallel"))
        parallel["data_parallel_size"] = int(os.environ.get("VLLM_DP_SIZE", "1"))
        if os.environ.get("DOUBLE_FAIL") == "layout":
            parallel["enable_expert_parallel"] = False
        worker.rank, worker.vllm_config = rank, SimpleNamespace(
            parallel_config=SimpleNamespace(**parallel), profiler_config=SimpleNamespace(torch_profiler_activities=None))
        worker.profiler = self.new_profiler(worker)
        return worker

    def new_profiler(self, worker):
        """As the worker's config says at that moment."""
        activities = worker.vllm_config.profiler_config.torch_profiler_activities
        return SimpleNamespace(with_stack=self.stacks(), activities=activities or ["CPU", "CUDA"])

    def stacks(self):
        """Whether the workers' profiler records Python's stacks: so it does unless told otherwise."""
        config = self.arguments.get("profiler_config")
        if config:
            return config.get("torch_profiler_with_stack", True)
        told = "VLLM_TORCH_PROFILER_WITH_STACK"
        return told not in VARIABLES or os.environ.get(told, "1") != "0"

    def collective_rpc(self, method, args=()):
        return [getattr(w, method)(*args) for w in self.workers]

    def start_profile(self):
        assert not self.profiling
        if os.environ.get("DOUBLE_TRACES") == "refused":
            raise RuntimeError("Profiling is not enabled.")
        self.profiling = True
        for w in self.workers:
            w.profiler = w.profiler or self.new_profiler(w)

    def stop_profile(self):
        assert self.profiling
        self.profiling = False
        if any(w.profiler.with_stack for w in self.workers):
            raise RuntimeError("!stack.empty() INTERNAL ASSERT FAILED. Python replay stack is empty.")  # PyTorch 2.6
        config = self.arguments.get("profiler_config") or {}
        folder = config.get("torch_profiler_dir") or os.environ["VLLM_TORCH_PROFILER_DIR"]
        for rank in range(self.size):
            write_trace(folder, rank, self.size, self.workers[rank].profiler.activities)


def vocabulary(model):
    if not os.path.isdir(model):
        return 128256  # from the hub
    with open(os.path.join(model, "config.json"), encoding="utf-8") as f:
        return json.load(f)["vocab_size"]


def last_token(model):
    """The last token that the model's tokenizer knows, and the error of a model without one."""
    if not os.path.isdir(model):
        return 128255  # from the hub, with the model
    try:
        with open(os.path.join(model, "tokenizer.json"), encoding="utf-8") as f:
            return max(json.load(f)["model"]["vocab"].values())
    except FileNotFoundError:
        raise ValueError("Either model_file or model_proto must be specified.") from None


def write_trace(folder, rank, size, activities):
    how = os.environ.get("DOUBLE_TRACES", "")
    if how == "lost" and rank == size - 1:
        return
    name = TRACE_NAME.format(host="node1", pid=4000 + 7 * (size - rank), rank=rank)
    text = json.dumps({
        "distributedInfo": {"backend": "nccl", "rank": rank, "world_size": size}, "activities": activities,
        "traceEvents": [{"ph": "X", "cat": "kernel", "name": f"k{i}", "ts": i, "dur": 1} for i in range(200)],
    }).encode()
    data = gzip.compress(text)
    with open(os.path.join(folder, f"{name}.{time.time_ns()}.pt.trace.json.gz"), "wb") as f:
        f.write(data[:len(data) // 2] if how == "cut" else data)


def fail(how):
    if how == "oom":
        print("(EngineCore_0 pid=7) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.", file=sys.stderr)
        raise RuntimeError("Engine core initialization failed. See root cause above.")
    if how == "gated":
        raise OSError("You are trying to access a gated repo. 401 Client Error.")
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        time.sleep(600)
