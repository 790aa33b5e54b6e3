"""One batch through a vLLM engine, step by step, and its times."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shardeck_runner.contract import Exit, Failure
from shardeck_runner.results import Iteration


def can_pause_scheduler(llm: Any) -> bool:
    """Whether this vLLM takes requests while its scheduler is paused: sleep has level 0 since it has modes."""
    sleep = getattr(llm, "sleep", None)
    return sleep is not None and "mode" in inspect.signature(sleep).parameters


@contextlib.contextmanager
def scheduler_paused(llm: Any) -> Iterator[None]:
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
                  together: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
                ended: list[Any] | None = None) -> Iteration:
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
            if ended is not None and output.finished:
                ended.append(output)
    return summarize(start, arrival, first, last, tokens, [len(p) for p in prompts])


def summarize(start: float, arrival: Mapping[str, float], first: Mapping[str, float],
              last: Mapping[str, float], tokens: Mapping[str, int], lengths: list[int]) -> Iteration:
    silent = [r for r in arrival if r not in first]
    if silent:
        raise Failure(Exit.FAILED, f"{len(silent)} of {len(arrival)} requests got no token at all")
    return Iteration(
        seconds=max(last.values()) - start,
        ttft=[first[r] - arrival[r] for r in arrival],
        tpot=[(last[r] - first[r]) / (tokens[r] - 1) if tokens[r] > 1 else None for r in arrival],
        input_tokens=lengths,
        output_tokens=[tokens[r] for r in arrival],
    )
