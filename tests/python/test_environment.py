"""Where a run happened, without secrets; and GPUs by number."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from shardeck_runner import environment as env
from shardeck_runner.causes import LogReader


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An nvidia-smi that lists three GPUs, alone on PATH."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\ncase $1 in *index,uuid*) "
                    "printf '0, GPU-52a3-a\\n1, GPU-52a3-b\\n2, GPU-77\\n' ;; *) echo 550.90.07 ;; esac\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tool


@pytest.mark.parametrize(("asked", "numbers", "said"), [
    ("GPU-52a3-b", "1", "in numbers 1"),
    ("GPU-77,GPU-52a3-a", "2,0", "in numbers 2,0"),
    ("GPU-7", "2", "in numbers 2"),  # CUDA takes the beginning of one
    ("GPU-77,1", "2,1", "in numbers 2,1"),
    ("0,1", "0,1", ""), ("", "", ""), ("-1", "-1", ""), (" 0, 2", " 0, 2", ""),
    ("GPU-52a3", "GPU-52a3", "does not list"),  # which of two?
    ("GPU-ff", "GPU-ff", "does not list"),
    ("MIG-3f", "MIG-3f", "slices"),
])
def test_uuids_become_numbers(smi: Path, asked: str, numbers: str, said: str) -> None:
    there = {"CUDA_VISIBLE_DEVICES": asked}
    told = env.number_gpus(there)
    assert there["CUDA_VISIBLE_DEVICES"] == numbers
    assert (said in told) if said else not told
    assert ("CUDA_DEVICE_ORDER" in there) == (numbers != asked)


def test_uuids_stay_without_a_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    there = {"CUDA_VISIBLE_DEVICES": "GPU-77"}
    assert "does not list" in env.number_gpus(there) and there == {"CUDA_VISIBLE_DEVICES": "GPU-77"}
    assert env.number_gpus({}) == ""


def test_what_is_told(smi: Path) -> None:
    told = env.describe_environment({
        "LOADEDMODULES": "gpu/1.0:nccl/2.29.2-cu13", "CONDA_DEFAULT_ENV": "vllm",
        "SHARDECK_IMAGE": "a:b", "SHARDECK_IMAGE_ID": "sha256:1",
        "NCCL_NET": "AWS Libfabric", "FI_MR_CACHE_MONITOR": "userfaultfd", "FIRST": "no",
        "HF_TOKEN": "hf_secret", "VLLM_API_KEY": "sk-secret",
        "NCCL_AUTH_SECRET": "x", "HOME": "/h", "LD_LIBRARY_PATH": "/a", "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    })
    assert told["modules"] == ["gpu/1.0", "nccl/2.29.2-cu13"] and told["image_id"] == "sha256:1" and told["conda"] == "vllm"
    assert set(told["variables"]) == {"NCCL_NET", "FI_MR_CACHE_MONITOR", "LD_LIBRARY_PATH", "PYTORCH_CUDA_ALLOC_CONF"}
    assert "secret" not in repr(told) and told["python"] == sys.executable and told["driver"]
    assert "modules" not in env.describe_environment({})


def test_packages_by_their_folders_alone(tmp_path: Path) -> None:
    for name in ("vllm-0.13.0.dist-info", "nvidia_nccl_cu12-2.27.5.dist-info", "old-1.0-py3.9.egg-info", "torch", "no.dist-info"):
        (tmp_path / name).mkdir()
    (tmp_path / "vllm-0.13.0.dist-info" / "direct_url.json").write_text('{"url": "https://user:hunter2@host"}')
    assert env.packages(["/nowhere", str(tmp_path)]) == {"nvidia_nccl_cu12": "2.27.5", "old": "1.0", "vllm": "0.13.0"}


def test_driver(tmp_path: Path, smi: Path) -> None:
    proc = tmp_path / "version"
    proc.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.127.08  Tue Oct 8 2024\nGCC version: 12\n")
    assert env.driver_version(proc) == "550.127.08"
    proc.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build\n")
    assert env.driver_version(proc) == "580.159.04"
    assert env.driver_version(tmp_path / "none") == "550.90.07"
    smi.unlink()
    assert env.driver_version(tmp_path / "none") == ""


def test_libraries_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}
    for line in ("(Worker pid=1) nid001:1:1 [0] NCCL INFO NCCL version 2.27.5+cuda12.9",
                 "nid001:1:2 [0] NCCL INFO NCCL version 9.9",
                 "nid001:1:1 [0] NCCL INFO NET/OFI Initializing aws-ofi-nccl 1.14.2",
                 "nid001:1:1 [0] NCCL INFO NET/OFI Using Libfabric version 1.22",
                 "Using Libfabric version 9"):
        env.note_libraries(line, seen)
    assert seen == {"nccl": "2.27.5+cuda12.9", "ofi_plugin": "1.14.2", "libfabric": "1.22"}
    monkeypatch.setattr(env, "SEEN", {})
    LogReader(lambda: None).read(b"a [0] NCCL INFO NCCL version 2.1.0\n")
    assert os.environ.get("PATH")
