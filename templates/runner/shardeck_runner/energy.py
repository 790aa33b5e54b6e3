"""Energy of GPUs, by the counters of NVML: read before and after a timed part, never inside it.

The counter (nvmlDeviceGetTotalEnergyConsumption, Volta and newer) counts millijoules since the driver was loaded and
moves in steps, 20 to 100 ms apart by GPU: over one iteration it is coarse, over the whole timed part it is not.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

SM_CLOCK = 1  # NVML_CLOCK_SM


@dataclass
class Reading:
    """One look at the counters of one GPU. `joules` is None where there is none, and `reason` says why."""

    at: float  # seconds, wall clock
    joules: float | None = None
    clock: int | None = None  # of the multiprocessors now, MHz
    reason: str = ""


@functools.lru_cache(maxsize=1)
def open_nvml() -> Any:
    """NVML, ready; an OSError says why not."""
    library = ctypes.CDLL("libnvidia-ml.so.1")
    if code := library.nvmlInit_v2():
        raise OSError(f"nvmlInit says {code}")
    library.nvmlErrorString.restype = ctypes.c_char_p
    return library


def find_device(library: Any, name: str) -> Any:
    """The handle of a GPU by its UUID, or its number as nvidia-smi counts."""
    handle = ctypes.c_void_p()
    if name.isdigit():
        code = library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(int(name)), ctypes.byref(handle))
    else:
        code = library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(handle))
    if code:
        raise OSError(f"NVML does not know GPU {name}: {told(library, code)}")
    return handle


def told(library: Any, code: int) -> str:
    return bytes(library.nvmlErrorString(code)).decode(errors="replace")


def ask(library: Any, function: str, handle: Any, kind: Any, *more: Any) -> tuple[int | None, str]:
    """A number that NVML knows of a GPU, or why not."""
    value = kind()
    code = getattr(library, function)(handle, *more, ctypes.byref(value))
    return (None, told(library, code)) if code else (int(value.value), "")


def read_energy(device: str, library: Callable[[], Any] = open_nvml) -> Reading:
    """Reads the counters of a GPU: a UUID, or nvidia-smi's number."""
    now = time.time()
    if device.startswith("MIG-"):
        return Reading(now, reason="a slice of a GPU (MIG) has no counter of its own")
    try:
        nvml = library()
        handle = find_device(nvml, device)
        energy, reason = ask(nvml, "nvmlDeviceGetTotalEnergyConsumption", handle, ctypes.c_ulonglong)
        clock, _ = ask(nvml, "nvmlDeviceGetClockInfo", handle, ctypes.c_uint, ctypes.c_int(SM_CLOCK))
    except (OSError, AttributeError) as x:
        return Reading(now, reason=f"NVML cannot be asked: {x}")
    if energy is None:
        return Reading(now, None, clock, f"this GPU has no energy counter: {reason}")
    return Reading(now, energy / 1000, clock)


def device_name(index: int, properties: Any) -> str:
    """How NVML knows a GPU that PyTorch counts as `index`: by UUID where this PyTorch tells it, else by the number in
    CUDA_VISIBLE_DEVICES."""
    if uuid := str(getattr(properties, "uuid", "")):
        return uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"
    given = [d.strip() for d in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if d.strip()]
    return given[index] if index < len(given) else str(index)


Parts = list[list[list[dict[str, Any]]]]  # of each timed iteration [before, after], each a reading of every rank


@contextlib.contextmanager
def metered(read: Callable[[], list[dict[str, Any]]], parts: Parts) -> Iterator[None]:
    """Around one iteration, outside of its clock: `read` returns a reading of every rank of a process."""
    before = read()
    yield
    parts.append([before, read()])


def energy_stats(parts: Parts, rank: int) -> dict[str, Any]:
    """Keys of timing_stats_<rank>.json: what the GPU of a rank used over the timed part, from before the first iteration
    to after the last, gaps between them included; and in each iteration, coarser by the steps of the counter. A reason
    where there is no value; nothing where nothing was read."""
    pairs = [[Reading(**look[rank]) for look in part] for part in parts if all(rank < len(look) for look in part)]
    if not pairs:
        return {}
    if reason := next((r.reason for pair in pairs for r in pair if r.joules is None), ""):
        return {"energy_reason": reason}
    first, last = pairs[0][0], pairs[-1][1]
    return {
        "energy_joules": joules(first, last), "energy_start": first.at, "energy_seconds": last.at - first.at,
        "energy_iterations": [joules(a, b) for a, b in pairs],
        "sm_clock_mhz": [after.clock for _, after in pairs if after.clock is not None],
    }


def joules(first: Reading, last: Reading) -> float:
    return (last.joules or 0.0) - (first.joules or 0.0)
