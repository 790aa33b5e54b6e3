"""Causes of failures, from the lines of an engine's log."""

from __future__ import annotations

import re
from collections.abc import Callable

from shardeck_runner.contract import Exit
from shardeck_runner.environment import note_libraries

# What a line of an engine's log means. The most telling comes first: "worker died" is only said
# where nothing better was.
CAUSES: tuple[tuple[int, str, str], ...] = (
    (Exit.MEMORY, r"less than desired GPU memory utilization|Error in memory profiling",
     "the GPU is not empty: another process holds memory of it"),
    (Exit.MEMORY, r"CUDA out of memory|OutOfMemoryError|No available memory for the cache blocks|"
                  r"larger than the maximum number of tokens that can be stored in KV cache|"
                  r"larger than the available KV cache memory",
     "out of GPU memory: raise TP or PP, or lower batch_size, seq_len or max_tokens"),
    (Exit.MODEL, r"gated repo|GatedRepoError|RepositoryNotFoundError|401 Client Error|403 Client Error|"
                 r"is not a valid model identifier|LocalEntryNotFoundError|offline mode is enabled|"
                 r"Can't load the configuration",
     "the model cannot be had: check model.name, the hub token and hf_home, or set model.weights: dummy"),
    (Exit.GPUS, r"No CUDA GPUs are available|no NVIDIA driver|larger than the number of available GPUs|"
                r"is out of bounds for \d+ devices|invalid device ordinal",
     "too few GPUs: fewer are visible than the layout needs"),
    (Exit.COMM, r"NCCL error|ncclUnhandledCudaError|ncclSystemError|ncclRemoteError|gloo/transport/|DistNetworkError|"
                r"DistStoreError|Watchdog caught collective operation timeout|Connection refused|EADDRINUSE|"
                r"Address already in use",
     "ranks could not communicate: see NCCL_DEBUG=INFO in the log"),
    (Exit.SOFTWARE, r"CUDA driver version is insufficient|undefined symbol|no kernel image is available|"
                    r"not supported for this model|does not support pipeline parallel",
     "this vLLM cannot run it here: check the driver, the GPU and the layout"),
    (Exit.SOFTWARE, r"ModuleNotFoundError: No module named",
     "a package that vLLM needs here is missing: install it into the environment of the job"),
    (Exit.WORKER, r"EngineDeadError|WorkerProc initialization failed|Engine core initialization failed|"
                  r"died unexpectedly|EngineCore encountered a fatal error|Segmentation fault",
     "a rank died: the log above says why"),
)


def classify(text: str) -> tuple[int, str] | None:
    """The exit code and the sentence for a line of a log, None if it says nothing of the kind."""
    if "NCCL INFO" in text:
        return None  # a report, not a fault: "dlvsym failed … undefined symbol" of an optional library
    for code, pattern, advice in CAUSES:
        if re.search(pattern, text):
            return code, f"{advice} ({one_line(text)})"
    return None


def one_line(text: str, most: int = 300) -> str:
    return " ".join(text.split())[:most]


class LogReader:
    """Reads a child's output as it passes and remembers the most telling line."""

    RAISED = re.compile(r"(?:^|[ :\]])((?:\w+\.)*\w*(?:Error|Exception): \S.*)")
    COMPILING = re.compile(r"torch\.compile|Compiling a graph|Dynamo bytecode|[Cc]apturing CUDA ?[Gg]raph|Capturing cudagraphs")
    ORDER = {code: i for i, (code, _, _) in enumerate(CAUSES)}

    def __init__(self, announce: Callable[[], None]) -> None:
        self.found: tuple[int, str] | None = None
        self.raised = ""  # the first exception that is not one of CAUSES
        self.loading, self.announce, self.rest = False, announce, ""

    def cause(self) -> tuple[int, str] | None:
        """What was found; where that is no more than "a rank died", with the exception it died of."""
        if self.found and self.found[0] == Exit.WORKER and self.raised:
            return Exit.WORKER, f"a rank died of {self.raised}"
        return self.found

    def read(self, chunk: bytes) -> None:
        *lines, self.rest = re.split(r"[\r\n]", self.rest + chunk.decode("utf-8", "replace"))
        self.rest = self.rest[-4096:]
        for line in lines:
            self.line(line)

    def line(self, line: str) -> None:
        if line.startswith("shardeck: stage "):
            self.loading = line.startswith("shardeck: stage weights")
        elif self.loading and self.COMPILING.search(line):
            self.loading = False
            self.announce()
        note_libraries(line)
        found = classify(line)
        if not found and not self.raised and (raised := self.RAISED.search(line)):
            self.raised = one_line(raised.group(1))
        if found and (self.found is None or self.ORDER[found[0]] < self.ORDER[self.found[0]]):
            self.found = found


def severity(cause: tuple[int, str]) -> int:
    """Orders causes, the most telling first: what a person can act upon, a process that was ended,
    one that failed; last what befalls the others of such a one: they cannot reach it, or give up."""
    code, text = cause
    if "was ended by signal" in text:
        return 1
    return {Exit.FAILED: 2, Exit.COMM: 3, Exit.WORKER: 4}.get(code, 0)
