"""Which experts the tokens of a short pass took, in experts_<rank>.json: counts by step, layer and expert.

    experts, top_k   of the model
    random_router    true: weights are random, and balance is that of a random router
    owner            the rank that holds each expert; empty: every rank has a slice of every expert
    layers           with experts, as the model counts them
    steps            {phase: prefill or decode, tokens, counts: a list of `experts` numbers for each layer}

A file counts the tokens that its rank, or its replica, has routed: the run's counts are the sum over its files. A step of
vLLM's prefill is the whole prompt, however it was cut into chunks.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from shardeck_runner.causes import one_line
from shardeck_runner.experiment import Experiment
from shardeck_runner.files import write_json
from shardeck_runner.models import Shape, find_shape
from shardeck_runner.results import Iteration, ProcessResult

EXPERT_TOKENS = 8  # output tokens of the pass at most


def expert_file(e: Experiment, s: Shape, steps: Sequence[dict[str, Any]], layers: Sequence[int], owner: Sequence[int],
                random: bool) -> dict[str, Any]:
    """The contents of experts_<rank>.json."""
    return {"schema": 1, "engine": e.engine, "experts": s.experts, "top_k": s.top_k, "random_router": random,
            "owner": list(owner), "layers": list(layers), "steps": list(steps)}


def step(phase: str, tokens: int, counts: Sequence[Sequence[int]]) -> dict[str, Any]:
    return {"phase": phase, "tokens": tokens, "counts": [list(c) for c in counts]}


# vLLM


class Replica(Protocol):
    """A vLLM replica, as this pass sees it."""

    e: Experiment
    result: ProcessResult
    out: Any
    first_rank: int

    def run_batch(self, tokens: int, name: str, requests: int = 0, length: int = 0,
                  ended: list[Any] | None = None) -> Iteration: ...


def count_experts(replica: Replica, random: bool) -> None:
    """A batch of which the engine says which experts each token took. Where it fails, nothing else does."""
    e, notes, ended = replica.e, replica.result.notes, list[Any]()
    shape = find_shape(e.model)
    try:
        replica.run_batch(min(EXPERT_TOKENS, e.max_tokens), "experts", ended=ended)
        rows = [rows_of(output) for output in ended]
    except Exception as x:
        notes.append(f"experts: {one_line(f'{type(x).__name__}: {x}')}")
        return
    if shape is None or not rows or any(r is None for r in rows):
        notes.append("experts: the engine said of some request not which experts it took")
        return
    layers, steps = count_rows(rows, shape.experts)
    owner = [expert * e.ep // shape.experts for expert in range(shape.experts)] if e.ep > 1 else []
    write_json(replica.out / f"experts_{replica.first_rank}.json", expert_file(e, shape, steps, layers, owner, random))


def rows_of(output: Any) -> tuple[Any, Any] | None:
    """What a request's prompt and its output took, each [tokens, layers, top_k]; None: the engine does not say. Releases
    that do not tell them apart give the prompt's rows first."""
    rest = getattr(output.outputs[0], "routed_experts", None)
    prompt = getattr(output, "prompt_routed_experts", None)
    if rest is None:
        return None
    if prompt is None:
        length = len(output.prompt_token_ids)
        prompt, rest = rest[:length], rest[length:]
    return prompt, rest


def count_rows(rows: Sequence[Any], experts: int) -> tuple[list[int], list[dict[str, Any]]]:
    """The layers with experts, and counts by step. Dense layers have rows too in some releases, of one expert alone."""
    lists = [tuple(part.tolist() if hasattr(part, "tolist") else part for part in pair) for pair in rows]
    prompts = [row for prompt, _ in lists for row in prompt]
    layers = [i for i, taken in enumerate(prompts[0]) if len(taken) == 1 or all(len(set(row[i])) > 1 for row in prompts)]
    batches = [("prefill", prompts)]
    for n in range(max(len(rest) for _, rest in lists)):
        batches.append(("decode", [rest[n] for _, rest in lists if len(rest) > n]))
    return layers, [step(phase, len(b), [count(b, i, experts) for i in layers]) for phase, b in batches]


def count(rows: Sequence[Sequence[Sequence[int]]], layer: int, experts: int) -> list[int]:
    taken = Counter(itertools.chain.from_iterable(row[layer] for row in rows))
    return [taken[i] for i in range(experts)]
