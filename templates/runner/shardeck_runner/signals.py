"""Signals of the runner's processes."""

from __future__ import annotations

import contextlib
import ctypes
import signal
from typing import Any, NoReturn

from shardeck_runner.contract import Stopped

EXIT_TIMEOUT = 60  # seconds that a process has for an orderly end


def raise_when_stopped() -> None:
    """Turns SIGTERM and SIGINT into Stopped."""
    def stop(number: int, _frame: Any) -> NoReturn:
        raise Stopped(signal.Signals(number).name)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def limit_exit_time() -> None:
    """Has the kernel end this process in a minute, whatever it hangs in: its result is saved by then."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(EXIT_TIMEOUT)


def end_with_parent() -> None:
    """In the child, before it runs: ask the kernel for SIGTERM should the supervisor be killed."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
