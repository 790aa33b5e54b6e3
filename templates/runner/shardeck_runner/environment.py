"""Where a run happened: modules, packages, image, driver and libraries, for run.json; and GPUs by number."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from shardeck_runner.contract import is_secret

# Variables that decide how ranks talk and compile. Anything else may be private, and tells nothing of the numbers.
TELLING = re.compile(
    r"^(?:NCCL|RCCL|FI|GLOO|UCX|NVSHMEM|VLLM|"
    r"TORCH|TORCHINDUCTOR|PYTORCH|TRITON|FLASHINFER|CUDA|HIP|OMP|MPICH|PYTHONNOUSERSITE|LD_LIBRARY_PATH)(?:_|$)"
)
# What the log says of libraries that no package names.
LIBRARIES = (
    ("nccl", re.compile(r"NCCL version (\d[\w.+-]*)")),
    ("ofi_plugin", re.compile(r"aws-ofi-nccl[ :v]+(\d[\w.+-]*)")),
    ("libfabric", re.compile(r"[Uu]sing Libfabric version (\d[\w.]*)")),
)


SEEN: dict[str, str] = {}  # versions of libraries, as the log of this run's processes told them


@functools.lru_cache(maxsize=1)
def this_environment() -> dict[str, Any]:
    """That of this process, looked at once."""
    return describe_environment(os.environ)


def describe_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """What this process can tell. What is not known is left out, and so is whatever looks like a secret."""
    told: dict[str, Any] = {
        "python": sys.executable,
        "modules": [m for m in environment.get("LOADEDMODULES", "").split(":") if m],
        "conda": environment.get("CONDA_DEFAULT_ENV", ""),
        "image": environment.get("SHARDECK_IMAGE", ""),
        "image_id": environment.get("SHARDECK_IMAGE_ID", ""),
        "driver": driver_version(),
        "packages": packages(),
        "variables": {n: v for n, v in sorted(environment.items()) if TELLING.match(n) and not is_secret(n, v)},
    }
    return {k: v for k, v in told.items() if v}


def packages(folders: Sequence[str] = sys.path) -> dict[str, str]:
    """Names and versions as pip freeze has them, by the names of folders alone: opening each takes long on a busy file
    system, and tells where a package came from, which may hold a password."""
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if told := re.fullmatch(r"(.+?)-(\d[^-]*)(?:-py[\d.]+)?\.(?:dist|egg)-info", name):
                found.setdefault(told.group(1), told.group(2))
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def driver_version(path: Path = Path("/proc/driver/nvidia/version")) -> str:
    """Of the kernel module; where a container hides that, nvidia-smi's word."""
    try:
        found = re.search(r"Kernel Module.*?\s(\d+\.[\d.]+)\s", path.read_text(errors="replace"))
        if found:
            return found.group(1)
    except OSError:
        pass
    return next(iter(nvidia_smi("driver_version")), "")


def nvidia_smi(fields: str) -> list[str]:
    """A line for each GPU; none where it cannot be asked."""
    try:
        out = subprocess.run(["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"],
                             capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in out.stdout.splitlines() if line.strip()]


def note_libraries(line: str, seen: MutableMapping[str, str] = SEEN) -> None:
    """Notes what a line of a log says of libraries, the first word of each."""
    if "NCCL" not in line:
        return
    for name, pattern in LIBRARIES:
        if name not in seen and (found := pattern.search(line)):
            seen[name] = found.group(1)


def number_gpus(environment: MutableMapping[str, str] = os.environ) -> str:
    """Writes CUDA_VISIBLE_DEVICES in numbers where a scheduler wrote UUIDs, which many releases of vLLM cannot read; returns
    what was done about it, or why it could not be. Slices (MIG) have no numbers: theirs stay."""
    asked = [d.strip() for d in environment.get("CUDA_VISIBLE_DEVICES", "").split(",") if d.strip()]
    if not asked or all(d.lstrip("-").isdigit() for d in asked):
        return ""
    if any(d.startswith("MIG-") for d in asked):
        return "CUDA_VISIBLE_DEVICES names slices (MIG) by UUID, as CUDA wants them: a vLLM that wants numbers cannot run here"
    numbers = []
    listed = [tuple(part.strip() for part in line.split(",", 1)) for line in nvidia_smi("index,uuid") if "," in line]
    for device in asked:
        found = [index for index, uuid in listed if device == index or uuid.startswith(device)]
        if len(found) != 1:
            return f"CUDA_VISIBLE_DEVICES names {device}, which nvidia-smi does not list: it stays as it is"
        numbers.append(found[0])
    before = environment["CUDA_VISIBLE_DEVICES"]
    environment["CUDA_VISIBLE_DEVICES"] = ",".join(numbers)
    environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # as nvidia-smi counts
    return f"CUDA_VISIBLE_DEVICES was {before}: in numbers {','.join(numbers)}"
