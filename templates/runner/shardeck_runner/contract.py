"""The contract with shardeck.

Under Slurm one task a node (`srun --ntasks-per-node=1`); the tasks find each other by
SLURM_NNODES, SLURM_NODEID and the first host of the job (or MASTER_ADDR and MASTER_PORT).

Passes, which never mix:

  measure           warm-up, then profile_iterations x max_tokens with no profiler: the numbers.
                    Then the traced pass: Kineto in every worker, bounded by
                    profiling.trace_iterations and trace_tokens: the breakdown.
  execution trace   a second, short engine in eager mode with random weights (CUDA graphs hide
                    operators from the execution trace): one small iteration.

Files in --output-dir, each whole or not there at all:

  config.yaml                     the experiment, as run
  timing_stats_<rank>.json        seconds. unprofiled_iteration_times: one an iteration;
                                  unprofiled_ttft, unprofiled_tpot, unprofiled_input_tokens,
                                  unprofiled_output_tokens: one list an iteration, one number a
                                  request; iteration_times, ttft, tpot ...: the same under the profiler;
                                  energy_joules ...: of this rank's GPU over the timed pass, see energy.py
  kineto_trace_<rank>.json.gz     one a rank
  torch_et_<rank>.json.gz         one a rank
  light/kineto_trace_<rank>.json.gz  a second, short traced pass of the GPU's activity alone, for durations,
                                  where the engine can; its cost is in run.json
  capture_traces/                 vLLM's traces of the capture of CUDA graphs, which hold shapes (0.26 on)
  experts_<rank>.json             which experts the tokens of a short pass took: see experts.py
  bench_serve.json                of a run under load (the config's load): what `vllm bench serve` wrote
  run.json                        versions, effective settings, what was left undone and why

TTFT is the time from handing a request to the engine to the first step that returned a token of it;
TPOT is (last token - first token) / (output tokens - 1), none for a single token. All requests of a
batch are with the scheduler before the first step, where this vLLM can pause it (a note in run.json
says where not); TTFT grows along a batch with several prefill chunks. Every prompt is a list of
exactly seq_len random token ids, different for each request and iteration; prefix caching is off;
outputs are exactly max_tokens long.

With --points one engine serves several experiments, which differ in their workload alone. Each has a
folder of its own, named as soon as it is measured; run.json says whom it shared the engine with
(shared_engine). A point that fails is that point's failure: the engine goes on if it can, and is
started again for the others if not.

A config with `calibrate`, a list of models, measures the machine instead of a run: see torch_calibration.py.

Under load (the config's load) the engine is vLLM's API server, and `vllm bench serve` of the same release
sends it requests of random prompts: first warmup_iterations rounds that count for nothing, then those of
bench_serve.json, alone. Nothing is traced. Its times are those of a client on the same node: TTFT from the
request sent to the first token received, so that queueing, HTTP and tokenizing are in it.

Exit codes: 0 done; 1 failed, see the log; 2 config or command line wrong; 3 stopped before the end,
what was measured is written; 4 engine missing or too old for what is asked; 5 too few GPUs; 6 model
missing or not allowed; 7 out of GPU memory; 8 ranks could not communicate; 9 a rank died;
10 timing is sound, traces are missing or incomplete.

The supervisor starts one child process for each data-parallel replica and pass (engine torch: for
each rank) and runs no engine itself, so that whatever happens to one, what was measured is written.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable


class Exit:
    """Exit codes of the runner."""

    DONE, FAILED, CONFIG, PARTIAL, SOFTWARE = 0, 1, 2, 3, 4
    GPUS, MODEL, MEMORY, COMM, WORKER, TRACES = 5, 6, 7, 8, 9, 10


# The cockpit reads these lines. A stage is printed as it begins, an iteration when it is over.
STAGES = ("environment", "weights", "compile", "warm-up", "timing", "profiling", "writing traces", "done")

VLLM, TORCH = "vllm", "torch"
MEASURE, EXECUTION_TRACE = "measure", "execution_trace"
RESULTS = ".parts"  # folder of the child processes' results, inside the output directory
RAW_TRACES = ".kineto"  # folder of the traces as vLLM's workers write them
UNFINISHED = "not finished: still running, or killed without warning"

# Names of variables and arguments whose values nobody else may know; shardeck has the same rule (model/secret.go).
_SECRET = re.compile(r"^(?:KEY|PAT|PASS|DSN|JWT|COOKIE)$|(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|APIKEY|CREDENTIALS?)$")
_SECRET_VALUE = re.compile(r"^(?:hf_|sk-|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|AKIA)[\w-]{16,}$|^eyJ[\w-]+\.[\w-]+\."
                           r"|://[^/\s:@]*:[^/\s@]+@|(?:Account|SharedAccess)Key=|(?i:password)=")
HIDDEN = "***"  # stands in what is written for such a value
_PLAIN_ENDS = ("PATH", "FILE", "DIR", "URL", "NAME", "TYPE", "LIMIT")
_PLAIN_VALUES = ("", HIDDEN, "true", "false", "yes", "no", "on", "off", "auto", "none")

PATIENCE = float(os.environ.get("SHARDECK_PATIENCE", "1"))  # stretches or shortens every wait for files and memory
GRACE = max(5.0, 20.0 * PATIENCE)  # seconds that the other processes get when one ends badly, or the run is stopped
QUIET = "SHARDECK_QUIET"  # set for all children but the first: one voice in the log


def log(text: str) -> None:
    """Prints a line of the log at once."""
    if not os.environ.get(QUIET):
        print(f"shardeck: {text}", flush=True)


def stage(name: str) -> None:
    assert name in STAGES, name
    log(f"stage {name}, {now()}")


def iteration_done(done: int, total: int, name: str) -> None:
    log(f"iteration {done} of {total} {name}, {now()}")


def now() -> str:
    """As vLLM writes it, so that a log has one clock: by it a job that hangs is known."""
    return time.strftime("%m-%d %H:%M:%S")


class Failure(Exception):
    """An end with a cause a person can act upon: fault, cause and what to do in one line."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Stopped(BaseException):
    """SIGTERM or SIGINT. No Exception, so that no engine's handler swallows it."""


def is_secret(name: str, value: str) -> bool:
    """Whether a value must not be written down, by its name or its form: HF_TOKEN, http://me:word@proxy; no number, no switch."""
    words = re.split(r"[_.-]+", name.upper())
    return (value.lower() not in _PLAIN_VALUES and not re.fullmatch(r"[-+.0-9eE]+", value)
            and (_SECRET_VALUE.search(value) is not None or (words[-1] == "PWD" and len(words) > 1)
                 or (words[-1] not in _PLAIN_ENDS and any(_SECRET.search(w) for w in words))))


def masked(text: str, secrets: Iterable[str]) -> str:
    """A text without the secrets in it, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
