"""What runs inside vLLM's workers."""

from __future__ import annotations

import os
import socket
from dataclasses import asdict
from typing import Any

import torch
from torch.profiler import ExecutionTraceObserver

from shardeck_runner.energy import device_name, read_energy


class WorkerExtension:
    """Mixed into vLLM's worker class, in the process that owns the GPU. Called by collective_rpc."""

    def shardeck_describe(self) -> dict[str, Any]:
        """This rank: where it runs and how the engine really laid it out."""
        config = self.vllm_config  # type: ignore[attr-defined]
        names = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "enable_expert_parallel",
                 "all2all_backend", "disable_custom_all_reduce", "distributed_executor_backend", "nnodes",
                 "max_num_batched_tokens", "max_num_seqs", "num_gpu_blocks", "block_size", "enforce_eager")
        parts = [getattr(config, f"{p}_config", None) for p in ("parallel", "scheduler", "cache", "model")]
        nccl = torch.cuda.nccl.version() if torch.cuda.is_available() else ()
        return {
            "rank": int(self.rank),  # type: ignore[attr-defined]
            "host": socket.gethostname(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
            "nccl": ".".join(map(str, nccl if isinstance(nccl, tuple) else (nccl,))),
            "cuda": torch.version.cuda or "",
            "peak": int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else 0,
            "engine": {n: json_value(getattr(p, n)) for n in names for p in parts if hasattr(p, n)},
        }

    def shardeck_reset_peak(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()

    def shardeck_energy(self) -> dict[str, Any]:
        """The energy counter of this rank's GPU."""
        if not torch.cuda.is_available():
            return {"rank": int(self.rank), "reading": {"at": 0.0, "reason": "there is no GPU"}}  # type: ignore[attr-defined]
        index = torch.cuda.current_device()
        reading = asdict(read_energy(device_name(index, torch.cuda.get_device_properties(index))))
        return {"rank": int(self.rank), "reading": reading}  # type: ignore[attr-defined]

    def shardeck_profile_only(self, activities: list[str] | None) -> None:
        """What the next profiler of this worker records; None: all, as before. It is made anew at its start."""
        self.vllm_config.profiler_config.torch_profiler_activities = activities  # type: ignore[attr-defined]
        self.profiler = None

    def shardeck_leave_stacks_out(self) -> None:
        """For releases that nobody can tell to: a profiler that has not started yet still can."""
        if hasattr(getattr(self, "profiler", None), "with_stack"):
            self.profiler.with_stack = False  # type: ignore[attr-defined]

    def shardeck_cuda_profiler(self, on: bool) -> None:
        """Opens and closes the range that nsys captures."""
        torch.cuda.profiler.start() if on else torch.cuda.profiler.stop()

    def shardeck_et_start(self, folder: str) -> None:
        """Starts torch's execution trace observer; there can be one a process."""
        observer = ExecutionTraceObserver()
        observer.register_callback(os.path.join(folder, f"et_{self.rank}.json"))  # type: ignore[attr-defined]
        observer.start()
        self.shardeck_observer = observer

    def shardeck_et_stop(self) -> None:
        self.shardeck_observer.stop()
        self.shardeck_observer.unregister_callback()


def json_value(value: Any) -> Any:
    """A value that JSON can hold."""
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
