"""Generations of vLLM for tests: what each can do, and what it is given."""

from __future__ import annotations

from doubles.write_double import COMMON_ARGUMENTS, COMMON_VARIABLES, GENERATIONS
from shardeck_runner.contract import MEASURE
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.vllm_arguments import Abilities, build_setup


def abilities(name):
    g = GENERATIONS[name]
    return Abilities(
        frozenset([*COMMON_ARGUMENTS, *g.arguments]), frozenset([*COMMON_VARIABLES, *g.variables]), frozenset(g.profiler)
    )


def setup_for(e, name, kind=MEASURE, place=None, moe=False):
    return build_setup(e, abilities(name), place or Rendezvous(), kind, "/traces", moe, e.model)
