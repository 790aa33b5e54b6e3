"""Prompts of random tokens."""

from __future__ import annotations

import random

LOWEST_TOKEN, HIGHEST_TOKEN = 256, 32000  # plain tokens of every vocabulary we know


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
