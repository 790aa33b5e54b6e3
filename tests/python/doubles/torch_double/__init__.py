"""A double of torch: no GPU, and an execution trace observer that writes one small file."""

from types import SimpleNamespace

from . import profiler  # noqa: F401

version = SimpleNamespace(cuda="13.0")
cuda = SimpleNamespace(
    is_available=lambda: False,
    profiler=SimpleNamespace(start=lambda: print("cudaProfilerStart"), stop=lambda: print("cudaProfilerStop")),
)
