"""`--processes N`: start the same command N times on this machine, as torchrun would.

Unlike torchrun it passes signals on and ends with the exit code of the process that failed first,
so that the documented codes hold for several processes too.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from secantfw.errors import ExitCode

#: What the others get, once one has failed, to say what they have to say.
_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.05
_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


def launch(arguments: Sequence[str], count: int, threads: int | None = None) -> int:
    """Run `secantfw ARGUMENTS` in `count` processes; returns the exit code of the job.

    Args:
        threads: of each process; its share of the machine's processors unless given.
    """
    port, threads = str(_free_port()), threads or max(1, (os.cpu_count() or 1) // count)
    children = [_start(arguments, rank, count, port, threads) for rank in range(count)]

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for child in children:
            if child.poll() is None:
                child.send_signal(number)

    previous = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        return _first_failure(children)
    finally:
        _end(children)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _start(
    arguments: Sequence[str], rank: int, count: int, port: str, threads: int
) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C reaches the launcher alone, which passes it on once."""
    said = {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
    }
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, **said}
    return subprocess.Popen(
        [sys.executable, "-m", "secantfw", *arguments], env=environment, start_new_session=True
    )


def _first_failure(children: Sequence[subprocess.Popen[bytes]]) -> int:
    """Wait for all; once one has failed, the others have some seconds to end."""
    failed: int | None = None
    deadline = float("inf")
    while any(child.poll() is None for child in children):
        time.sleep(_POLL_SECONDS)
        codes = [child.returncode for child in children if child.returncode]
        if codes and failed is None:
            failed, deadline = codes[0], time.monotonic() + _GRACE_SECONDS
        if time.monotonic() > deadline:
            return _as_exit_code(failed or 0)
    codes = [child.returncode for child in children if child.returncode]
    return _as_exit_code(failed if failed is not None else next(iter(codes), 0))


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Those that are still there: asked first, since one that measures leaves word of its end."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + _GRACE_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        child.kill()
        child.wait()


def _as_exit_code(code: int) -> int:
    """One that a signal ended outright is a process lost: the run stopped, checkpoints intact."""
    return int(ExitCode.ABORTED) if code < 0 else code


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
