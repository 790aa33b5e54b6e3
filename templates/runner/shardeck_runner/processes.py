"""Child processes of the supervisor, and their logs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shardeck_runner.causes import LogReader
from shardeck_runner.contract import QUIET, Exit, Failure, stage
from shardeck_runner.signals import end_with_parent

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]  # vLLM's workers import shardeck_runner from there


@dataclass
class ChildProcess:
    """A child under way."""

    process: subprocess.Popen[bytes]
    number: int  # of the replica or rank
    log: LogReader
    copier: threading.Thread  # of its output to ours
    ended_by_us: bool = False

    def signal(self, number: int) -> None:
        """SIGKILL reaches all that the child started, SIGTERM it alone: it ends its own workers."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            elif self.process.poll() is None:
                self.process.send_signal(number)


def start_process(command: Sequence[str], number: int, quiet: bool, environment: Mapping[str, str]) -> ChildProcess:
    """Starts a child, in a session of its own. `quiet` ones leave stages and iterations to others."""
    path = os.pathsep.join(filter(None, [str(PACKAGE_FOLDER), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, **environment, "PYTHONPATH": path, **({QUIET: "1"} if quiet else {})}
    try:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent)
    except OSError as e:
        raise Failure(Exit.SOFTWARE, f"{command[0]} does not start: {e}; is the environment with vLLM active?") from e
    log = LogReader((lambda: None) if quiet else (lambda: stage("compile")))
    copier = threading.Thread(target=copy_output, args=(process, log), daemon=True)
    copier.start()
    return ChildProcess(process, number, log, copier)


def copy_output(process: subprocess.Popen[bytes], log: LogReader) -> None:
    """Copies a child's output to ours as it comes."""
    assert process.stdout is not None
    while chunk := os.read(process.stdout.fileno(), 1 << 16):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
        log.read(chunk)


def take_share_of_cores(lane: str) -> None:
    """Keeps this process and its children to its share of the node's cores, where engines run side by side:
    "1/4" is the second of four. The threads of a core stay together, and neighbouring cores, which share
    memory, too."""
    part, _, of = lane.partition("/")
    if not part.isdigit() or not of.isdigit() or int(of) < 2:
        return
    cores: dict[str, list[int]] = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        cores.setdefault(siblings(cpu), []).append(cpu)
    all_cores = list(cores.values())
    share = len(all_cores) // int(of)
    mine = all_cores[int(part) * share:(int(part) + 1) * share]
    if mine:
        os.sched_setaffinity(0, [cpu for core in mine for cpu in core])


def siblings(cpu: int) -> str:
    """The threads of a core, as the kernel lists them; the thread alone where it does not."""
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text(encoding="utf-8").strip()
    except OSError:
        return str(cpu)
