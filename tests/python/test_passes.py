"""Prompts, bounds of the traced pass, times."""

from __future__ import annotations

import contextlib
import json
from types import SimpleNamespace

import pytest
from experiments import experiment
from shardeck_runner import passes
from shardeck_runner.contract import Failure
from shardeck_runner.prompts import HIGHEST_TOKEN, LOWEST_TOKEN, make_prompts
from shardeck_runner.results import Iteration, ProcessResult, timing_stats
from shardeck_runner.traces import TRACE_BUDGET, TracePlan, plan_trace
from shardeck_runner.vllm_batch import run_iteration, summarize


@pytest.mark.parametrize("length", [1, 2, 2048])
def test_prompts_have_exactly_the_length_and_differ(length):
    seen = set()
    for iteration in range(5):
        for prompt in make_prompts(0, iteration, 8, length, 128256):
            assert len(prompt) == length
            assert all(LOWEST_TOKEN <= t < HIGHEST_TOKEN for t in prompt)
            seen.add(tuple(prompt))
    assert len(seen) == 40


def test_prompts_share_no_first_token():
    firsts = [p[0] for i in range(10) for p in make_prompts(0, i, 256, 4, 128256)]
    assert len(set(firsts)) == len(firsts)


def test_prompts_repeat_for_the_same_seed_alone():
    assert make_prompts(0, 1, 2, 64, 32000) == make_prompts(0, 1, 2, 64, 32000)
    assert make_prompts(0, 1, 2, 64, 32000) != make_prompts(1, 1, 2, 64, 32000)


def test_prompts_stay_inside_a_small_vocabulary():
    assert max(t for p in make_prompts(0, 0, 4, 100, 1000) for t in p) < 1000


def test_auto_stays_under_the_budget():
    plan = plan_trace(experiment())
    assert (plan.iterations, plan.tokens) == (2, 124)
    assert plan.bytes <= TRACE_BUDGET


def test_a_short_output_is_traced_whole():
    assert plan_trace(experiment(data__max_tokens=4)).tokens == 4


def test_given_bounds_stand():
    plan = plan_trace(experiment(profiling__trace_iterations=3, profiling__trace_tokens=400))
    assert (plan.iterations, plan.tokens) == (3, 400)
    assert plan.bytes > TRACE_BUDGET


def test_stages_of_a_pipeline_trace_more_steps():
    assert plan_trace(experiment(parallelism__pp=2)).tokens > plan_trace(experiment()).tokens


def test_replicas_of_one_world_step_until_all_are_done():
    e = experiment(parallelism__tp=1, parallelism__dp_shard=2, data__max_tokens=64, profiling__trace_tokens=4)
    alone, world = plan_trace(e, 27), plan_trace(e, 27, together=32)
    assert world.tokens == alone.tokens == 4
    assert world.bytes == pytest.approx(51.8e6, rel=0.3)  # as two H100 wrote for 64 passes where 8 were needed
    auto = plan_trace(experiment(parallelism__dp_shard=2), together=32)
    assert auto.bytes <= TRACE_BUDGET


def test_a_huge_prefill_still_traces_two_tokens():
    plan = plan_trace(experiment(data__batch_size=512, data__seq_len=32768))
    assert plan.tokens == 2


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class TimedEngineDouble:
    """Request 0 gives tokens at 1, 2, 3 s; request 1 at 2 and 5 s; handed over at 0 and 0.5 s."""

    def __init__(self, clock):
        self.clock, self.names = clock, []
        self.script = [(1.0, {0: 1}), (2.0, {0: 2, 1: 1}), (3.0, {0: 3}), (5.0, {1: 2})]

    def add_request(self, name, prompt, _params):
        self.names.append(name)
        assert list(prompt) == ["prompt_token_ids"]
        self.clock.now = 0.5 * len(self.names)

    def has_unfinished_requests(self):
        return bool(self.script)

    def step(self):
        self.clock.now, counts = self.script.pop(0)
        return [
            SimpleNamespace(request_id=self.names[i], outputs=[SimpleNamespace(token_ids=[1] * n)]) for i, n in counts.items()
        ]


def test_times_of_an_iteration():
    clock = Clock()
    got = run_iteration(TimedEngineDouble(clock), [[1, 2], [3, 4, 5]], None, "x", clock)
    assert got.ttft == [1.0, 1.5]
    assert got.tpot == [1.0, 3.0]
    assert got.seconds == 5.0
    assert got.input_tokens == [2, 3]
    assert got.output_tokens == [3, 2]


def test_one_token_has_no_tpot():
    got = summarize(0.0, {"a": 0.0}, {"a": 1.0}, {"a": 1.0}, {"a": 1}, [7])
    assert got.tpot == [None]
    assert timing_stats([got], [], 0)["unprofiled_tpot"] == [[None]]


def test_a_silent_request_is_an_error_not_a_zero():
    with pytest.raises(Failure, match="1 of 2 requests got no token"):
        summarize(0.0, {"a": 0.0, "b": 0.0}, {"a": 1.0}, {"a": 1.0}, {"a": 1, "b": 0}, [1, 1])


def test_timing_stats_keep_the_two_passes_apart():
    timed = Iteration(2.0, [0.1, 0.3], [0.01, None], [8, 8], [4, 1])
    traced = Iteration(9.0, [1.0, 3.0], [0.5, 0.7], [8, 8], [2, 2])
    stats = timing_stats([timed, timed], [traced], 123)
    assert stats["unprofiled_iteration_times"] == [2.0, 2.0]
    assert stats["unprofiled_ttft"] == [[0.1, 0.3], [0.1, 0.3]]
    assert stats["unprofiled_output_tokens"] == [[4, 1], [4, 1]]
    assert stats["iteration_times"] == [9.0]
    assert stats["ttft_avg"] == 2.0
    assert stats["ttft_p99"] == pytest.approx(2.98)
    assert stats["tpot_avg"] == pytest.approx(0.6)
    assert stats["peak_memory_bytes"] == 123
    json.dumps(stats, allow_nan=False)


def test_nothing_traced_leaves_no_key():
    stats = timing_stats([Iteration(2.0, [0.1], [None], [8], [1])], [], 0)
    assert set(stats) == {f"unprofiled_{k}" for k in ("iteration_times", "ttft", "tpot", "input_tokens", "output_tokens")}


# The passes


class EngineDouble:
    """Counts what the passes ask of an engine; its profiler fails in the way given."""

    def __init__(self, fails="", light=False):
        self.fails, self.light, self.calls = fails, light, []

    def run_batch(self, tokens, name):
        self.calls.append(name)
        if self.fails == name:
            raise RuntimeError("no more")
        return Iteration(1.0, [0.1], [0.2], [8], [tokens])

    def reset_peak_memory(self):
        self.calls.append("reset")

    def describe(self):
        self.calls.append("describe")

    def plan_trace(self):
        return TracePlan(2, 3, 1000)

    def profiled_lightly(self):
        return self.profiled() if self.light else None

    @contextlib.contextmanager
    def profiled(self):
        self.calls.append("on")
        yield
        self.calls.append("off")
        if self.fails == "off":
            raise RuntimeError("no traces")


def run_passes(tmp_path, fails="", light=False):
    e, engine = experiment(warmup_iterations=1, profile_iterations=2, data__max_tokens=5), EngineDouble(fails, light)
    result = ProcessResult(tmp_path / "measure_0.json")
    passes.measure(e, engine, result)
    with passes.timing_survives(result):
        passes.trace(e, engine, result)
        passes.trace_lightly(e, engine, result)
    return engine.calls, result


def test_the_profiler_runs_around_the_traced_pass_alone(tmp_path):
    calls, result = run_passes(tmp_path)
    assert calls == ["warm-up", "reset", "timing", "timing", "describe", "on", "profiling", "profiling", "off"]
    assert [i.output_tokens for i in result.timed] == [[5], [5]]
    assert [i.output_tokens for i in result.traced] == [[3], [3]]
    assert len(ProcessResult.load(result.path).timed) == 2  # on disk before the traces
    assert not result.missing


@pytest.mark.parametrize(("fails", "says"), [("profiling", "no more"), ("off", "no traces")])
def test_a_profiler_that_fails_takes_no_timing_along(tmp_path, fails, says):
    _, result = run_passes(tmp_path, fails)
    assert (len(result.timed), result.traced, result.missing) == (2, [], [f"traced pass: RuntimeError: {says}"])


def test_a_light_pass_follows_where_the_engine_can(tmp_path):
    calls, result = run_passes(tmp_path, light=True)
    assert calls[-4:] == ["off", "on", "light trace", "off"]
    assert [i.output_tokens for i in result.traced] == [[3], [3]], "the light pass is no part of the traced one"
    assert {k: result.light[k] for k in ("folder", "iterations", "tokens", "slowdown")} == {
        "folder": "light", "iterations": 1, "tokens": 3, "slowdown": 1.0}


def test_a_light_pass_that_fails_takes_nothing_along(tmp_path):
    _, result = run_passes(tmp_path, "light trace", light=True)
    assert (len(result.timed), len(result.traced), result.missing, result.light) == (2, 2, [], {})
    assert result.notes == ["light traced pass: RuntimeError: no more"]


def test_without_a_full_trace_there_is_no_light_one(tmp_path):
    calls, result = run_passes(tmp_path, "off", light=True)
    assert calls.count("light trace") == 0 and not result.light
