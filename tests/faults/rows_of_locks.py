"""R12: two processes on one run directory, and odd lock files."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import time
from pathlib import Path

from fork_server import start
from mutant import mutant
from small_run import (
    Bench,
    content_of,
    last_line,
    secantfw,
)
from strangers import Verdicts


def locks(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R12: a second process on a run whose holder is stopped, alive, killed; odd lock files."""
    kinds = (_held, _held, _killed, _stale, _linked, _race)
    for n in range(count):
        wrong = kinds[n % len(kinds)](bench)
        yield f"{kinds[n % len(kinds)].__name__}: {wrong}" if wrong else None


def _holder(bench: Bench, run: Path):
    """A process that holds the lock of `run` and stays there, stopped."""

    def call() -> int:
        from secantfw.runtime.lock import RunLock

        lock = RunLock(run)
        os.kill(os.getpid(), signal.SIGSTOP)
        lock.release()
        return 0

    child = start(call, run.parent / "holder.txt")
    while Path(f"/proc/{child.pid}/stat").read_text().split()[2] != "T":
        time.sleep(0.002)
    return child


def _held(bench: Bench) -> str | None:
    import socket

    run = bench.unfinished()
    holder = _holder(bench, run)
    before = content_of(run)
    ended = bench.resume(run)
    untouched = content_of(run) == before
    holder.send(signal.SIGCONT)
    holder.wait()
    named = f"in use by process {holder.pid} on {socket.gethostname()}" in ended.said
    if ended.code != 2 or not named or not untouched:
        return f"exit {ended.code}, untouched {untouched}: {last_line(ended.said)}"
    return bench.identical(run)


def _killed(bench: Bench) -> str | None:
    run = bench.unfinished()
    holder = _holder(bench, run)
    holder.send(signal.SIGKILL)
    holder.wait()
    return bench.identical(run)


def _stale(bench: Bench) -> str | None:
    run = bench.unfinished()
    (run / ".lock").write_text("process 1 on another-host")
    return bench.identical(run)


def _linked(bench: Bench) -> str | None:
    run = bench.unfinished()
    outside = run.parent / "outside"
    outside.write_text("precious")
    (run / ".lock").unlink(missing_ok=True)
    (run / ".lock").symlink_to(outside)
    ended = bench.resume(run)
    kept = outside.read_text() == "precious"
    return None if ended.code == 2 and kept else f"exit {ended.code}, kept {kept}"


def _race(bench: Bench) -> str | None:
    run = bench.unfinished()
    racers = [
        start(lambda: secantfw("run", "--resume", run), run.parent / f"racer-{n}.txt")
        for n in range(3)
    ]
    codes = sorted(r.wait().code for r in racers)
    return bench.identical(run) if codes == [0, 2, 2] else f"exit codes {codes}"


@mutant("runtime.lock:RunLock._lock", "R12")
def every_lock_is_shared(lock):
    return lambda self, how: lock(self, fcntl.LOCK_SH)
