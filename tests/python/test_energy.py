"""Energy counters, with a double of NVML; and which experts tokens took."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest
from experiments import experiment
from generations import setup_for
from shardeck_runner.contract import EXECUTION_TRACE
from shardeck_runner.energy import device_name, energy_stats, metered, read_energy
from shardeck_runner.experts import count_rows, rows_of


class NvmlDouble:
    """Knows the GPU "GPU-1", which is number 1; `energy` and `find` are the codes that its calls return."""

    def __init__(self, energy=0, find=0):
        self.energy, self.find = energy, find

    def nvmlDeviceGetHandleByUUID(self, name, handle):
        assert name == b"GPU-1"
        return self.find

    def nvmlDeviceGetHandleByIndex_v2(self, number, handle):
        assert number.value == 1
        return self.find

    def nvmlDeviceGetTotalEnergyConsumption(self, handle, value):
        ctypes.cast(value, ctypes.POINTER(ctypes.c_ulonglong))[0] = 12_345_678_901
        return self.energy

    def nvmlDeviceGetClockInfo(self, handle, kind, value):
        assert kind.value == 1  # of the multiprocessors
        ctypes.cast(value, ctypes.POINTER(ctypes.c_uint))[0] = 1980
        return 0

    def nvmlErrorString(self, code):
        return {3: b"Not Supported", 6: b"Not Found"}[code]


@pytest.mark.parametrize("name", ["GPU-1", "1"])
def test_a_counter_of_joules(name):
    got = read_energy(name, NvmlDouble)
    assert (got.joules, got.clock, got.reason) == (12_345_678.901, 1980, "")


def no_library():
    raise OSError("libnvidia-ml.so.1: cannot open shared object file")


@pytest.mark.parametrize(("name", "library", "says"), [
    ("GPU-1", lambda: NvmlDouble(energy=3), "no energy counter: Not Supported"),
    ("GPU-1", lambda: NvmlDouble(find=6), "NVML does not know GPU GPU-1: Not Found"),
    ("GPU-1", no_library, "NVML cannot be asked: libnvidia-ml"),
    ("MIG-7", NvmlDouble, "a slice of a GPU (MIG)"),
])
def test_without_a_counter_there_is_a_reason(name, library, says):
    got = read_energy(name, library)
    assert got.joules is None and says in got.reason


def test_a_gpu_is_known_by_its_uuid_else_by_its_number(monkeypatch):
    assert device_name(0, SimpleNamespace(uuid="12ab")) == "GPU-12ab"
    assert device_name(0, SimpleNamespace(uuid="MIG-12ab")) == "MIG-12ab"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,2")
    assert (device_name(1, SimpleNamespace()), device_name(2, SimpleNamespace())) == ("2", "2")


def test_energy_is_that_of_the_whole_timed_part():
    looks = iter([{"at": float(t), "joules": j, "clock": 1000} for t, j in ((10, 5.0), (12, 25.0), (13, 26.0), (15, 46.0))])
    parts = []
    for _ in range(2):
        with metered(lambda: [{"at": 0.0, "reason": "another rank"}, next(looks)], parts):
            pass
    assert energy_stats(parts, 1) == {"energy_joules": 41.0, "energy_start": 10.0, "energy_seconds": 5.0,
                                      "energy_iterations": [20.0, 20.0], "sm_clock_mhz": [1000, 1000]}
    assert energy_stats(parts, 0) == {"energy_reason": "another rank"}
    assert energy_stats(parts, 2) == energy_stats([], 0) == {}


# Experts: three tokens of prompt and two of output, layers 1 and 2 of three have experts, two of four for a token

PROMPT = [[[0, 0], [0, 1], [2, 3]], [[0, 0], [0, 2], [2, 3]], [[0, 0], [0, 3], [2, 1]]]
REST = [[[0, 0], [3, 1], [0, 1]]]


@pytest.mark.parametrize("output", [
    SimpleNamespace(prompt_token_ids=[7, 8, 9], outputs=[SimpleNamespace(routed_experts=PROMPT + REST)]),  # up to 0.20, and 0.25
    SimpleNamespace(prompt_routed_experts=PROMPT, outputs=[SimpleNamespace(routed_experts=REST)]),  # 0.21
])
def test_experts_are_counted_by_step_and_layer(output):
    layers, steps = count_rows([rows_of(output)] * 2, 4)
    assert layers == [1, 2]
    assert steps == [{"phase": "prefill", "tokens": 6, "counts": [[6, 2, 2, 2], [0, 2, 6, 4]]},
                     {"phase": "decode", "tokens": 2, "counts": [[0, 2, 0, 2], [2, 2, 0, 0]]}]


def test_an_engine_that_does_not_say():
    assert rows_of(SimpleNamespace(outputs=[SimpleNamespace()])) is None


MIXTRAL = {"model__name": "tiny/mixtral", "parallelism__ep": 2}


@pytest.mark.parametrize(("changes", "asked", "weights"), [
    (MIXTRAL, True, None), ({**MIXTRAL, "model__weights": "dummy"}, True, "dummy"),
    ({}, None, "dummy"), ({**MIXTRAL, "parallelism__pp": 2}, None, "dummy"),
])
def test_the_second_engine_is_asked_for_experts(monkeypatch, changes, asked, weights):
    shape = SimpleNamespace(experts=8 if "model__name" in changes else 0)
    monkeypatch.setattr("shardeck_runner.vllm_arguments.find_shape", lambda name: shape)
    got = setup_for(experiment(**changes), "activities", EXECUTION_TRACE).arguments
    assert (got.get("enable_return_routed_experts"), got.get("load_format")) == (asked, weights)
    assert got["enable_prefix_caching"] is bool(asked)  # newer releases keep it with their cache of prefixes
    assert "enable_return_routed_experts" not in setup_for(experiment(**changes), "activities").arguments
    assert "enable_return_routed_experts" not in setup_for(experiment(**changes), "coordinates", EXECUTION_TRACE).arguments
