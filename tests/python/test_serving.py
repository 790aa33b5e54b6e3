"""A server under load: the runner as a process, with doubles of `vllm serve` and `vllm bench serve`."""

from __future__ import annotations

import json
import re

import pytest
from experiments import experiment
from schema import faults, load
from shardeck_runner.contract import Exit, Failure
from shardeck_runner.experiment import DEFAULT_REQUESTS
from shardeck_runner.models import word_tokenizer
from shardeck_runner.points import Point, differences, engine_size
from shardeck_runner.serving import bench_arguments
from test_points import Points
from test_runs import Run

LOAD = {"load": {"rate": 50, "requests": 20}, "slo": {"ttft": 200, "tpot": 20}}


def point(**changes):
    return Point(experiment(**changes), None, None)


def calls(log, what):
    return [json.loads(words) for words in re.findall(rf"^{what}: (.*)$", log, re.M)]


def value(words, option):
    return words[words.index(option) + 1]


def test_a_load(tmp_path):
    r = Run(tmp_path, config=LOAD)
    assert r.go() == Exit.DONE, r.log
    assert r.names() == ["bench_serve.json", "config.yaml", "run.json"]
    info = r.read("run.json")
    assert (info["status"], info["gpu"], info["world_size"]) == ("complete", "NVIDIA A100-SXM4-40GB", 2)
    assert info["serving"]["completed"] == info["serving"]["requests"] == 20
    assert "missing" not in info
    server, (warm, timed) = calls(r.log, "serve"), calls(r.log, "bench")
    assert len(server) == 1 and "--no-enable-prefix-caching" in server[0] and value(server[0], "--tensor-parallel-size") == "2"
    assert value(warm, "--num-prompts") == "4" and "--save-result" not in warm and value(warm, "--seed") == "0"
    assert value(timed, "--num-prompts") == "20" and value(timed, "--request-rate") == "50"
    assert timed[timed.index("--goodput") + 1:][:2] == ["ttft:200", "tpot:20"] and "--save-detailed" in timed
    assert set(info["serving"]["arguments"]) <= set(timed)


def test_loads_share_a_server(tmp_path):
    both = {"slow": {"load": {"rate": 20, "requests": 10}},
            "wide": {"load": {"concurrency": 8, "requests": 30, "shape": "constant"}}}
    r = Points(tmp_path, both)
    assert r.go() == Exit.DONE, r.log
    assert len(calls(r.log, "serve")) == 1 and r.engines() == 1
    assert [r.info(n)["serving"]["completed"] for n in both] == [10, 30]
    assert r.info("wide")["shared_engine"]["points"] == ["slow", "wide"]
    assert (tmp_path / "wide" / "bench_serve.json").exists()


@pytest.mark.parametrize(("how", "code", "says"), [
    ({"DOUBLE_SERVE": "oom"}, Exit.MEMORY, "out of GPU memory"),
    ({"DOUBLE_BENCH": "none"}, Exit.SOFTWARE, "use 0.8 or newer"),
    ({"DOUBLE_BENCH": "cut"}, Exit.FAILED, "that can be read"),
    ({"DOUBLE_BENCH": "all"}, Exit.FAILED, "none of 20 requests was served: Bad Request"),
])
def test_failures(tmp_path, how, code, says):
    r = Run(tmp_path, config=LOAD, **how)
    assert r.go() == code, r.log
    info = r.read("run.json")
    assert info["status"] == "failed" and says in info["cause"]


def test_some_requests_fail(tmp_path):
    r = Run(tmp_path, config=LOAD, DOUBLE_BENCH="half", DOUBLE_SERVE="silent")
    assert r.go() == Exit.DONE, r.log
    info = r.read("run.json")
    assert "serving: 1 of 20 requests failed: see errors in bench_serve.json" in info["missing"]
    assert any("does not let its workers be asked" in n for n in info["notes"])


def test_a_load_that_fails_is_its_own_failure(tmp_path):
    r = Points(tmp_path, {"a": {"load": {"rate": 20, "requests": 10}}, "b": {"load": {"rate": 20, "requests": 12}}},
               DOUBLE_BENCH="all", DOUBLE_BENCH_AT="10")
    assert r.go() != Exit.DONE
    assert r.info("b")["status"] == "complete" and r.engines() == 1
    assert faults(r.info("b"), load("run")) == []


def test_arguments():
    e = experiment(load__rate=2.5, load__shape="constant", load__concurrency=4, slo__e2e=900)
    words = bench_arguments(e, 7, 3, ["--burstiness", "--max-concurrency", "--goodput", "--temperature"])
    told = dict(zip(words, words[1:]))
    assert (told["--request-rate"], told["--burstiness"], told["--max-concurrency"]) == ("2.5", "10000", "4")
    assert (told["--goodput"], told["--temperature"]) == ("e2el:900", "0")
    assert bench_arguments(experiment(load__concurrency=4), 7, 3, ["--max-concurrency"]).count("inf") == 1
    with pytest.raises(Failure, match="--max-concurrency"):
        bench_arguments(experiment(load__concurrency=4), 7, 3, [])


def test_what_a_load_is():
    e = experiment(load__concurrency=4)
    assert e.load and e.load.requests == DEFAULT_REQUESTS and not e.kineto and not e.execution_trace and e.children == 1
    assert experiment(load__requests=5).load is None
    for wrong in ({"load__rate": -1}, {"load__rate": "two"}, {"load__rate": 1, "load__shape": "burst"},
                  {"load__rate": 1, "engine": "torch"}, {"load__rate": 1, "profiling__nsys": True}):
        with pytest.raises(ValueError, match="load"):
            experiment(**wrong)


def test_the_size_of_a_server():
    points = [point(load__concurrency=4), point(load__rate=2, data__max_tokens=50)]
    size = engine_size(points)
    assert size.load and size.load.concurrency == 4 and size.max_tokens == 512
    assert differences(points[0].e, point().e) == ["load"]


def test_words_have_one_length():
    """Newer vLLM counts the letters of a prompt before it counts its tokens."""
    t = word_tokenizer(1200)["tokenizer.json"]
    assert {len(w) for w in t["model"]["vocab"] if w != "<unk>"} == {5} and len(t["model"]["vocab"]) == 1200
    assert re.findall(t["pre_tokenizer"]["pattern"]["Regex"], "w0001w1199w0030") == ["w0001", "w1199", "w0030"]
