"""Run a function in a fork of this process, which has imported torch once, and see how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import attrs

TIMEOUT_SECONDS = 120.0


@attrs.frozen
class Ended:
    """How a child ended: its exit code, -9 for one killed by SIGKILL, and what it said."""

    code: int
    said: str
    seconds: float


@attrs.define
class Child:
    """A running fork. `send` gives it a signal, `wait` its end."""

    pid: int
    log: Path
    began: float = attrs.field(factory=time.monotonic)
    timeout: float = TIMEOUT_SECONDS

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def running(self) -> bool:
        """Whether it has not ended; an ended one stays to be waited for."""
        ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is None

    def wait(self) -> Ended:
        while self.running():
            if time.monotonic() - self.began > self.timeout:
                self.send(signal.SIGKILL)
            time.sleep(0.002)
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return Ended(code, self.log.read_text(errors="replace"), time.monotonic() - self.began)


def start(call: Callable[[], int], log: Path) -> Child:
    """Fork; the child calls `call`, its output goes to `log`, its exit code is what it returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Child(pid, log)
    code = 1
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        code = int(call())
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        with contextlib.suppress(BaseException):
            traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):  # a child never returns into its parent's frames
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def forked(call: Callable[[], int], log: Path, timeout: float = TIMEOUT_SECONDS) -> Ended:
    """Start and wait; one that takes longer than `timeout` seconds is killed."""
    child = start(call, log)
    child.timeout = timeout
    return child.wait()
