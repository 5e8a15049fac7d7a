"""Many runs read side by side: a thousand take a second or two, whichever process reads them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from secantfw.comparison.run_record import ComparedRun, read_compared

#: Fewer runs than this are read before a second process has started.
WORTH_A_PROCESS = 500
_MOST_PROCESSES = 8
_CHUNK = 50


def read_many(directories: Sequence[Path]) -> list[ComparedRun]:
    """The runs, in the order of `directories`.

    Raises:
        UserError: the first of them that cannot be read.
    """
    processes = min(_cores(), len(directories) // WORTH_A_PROCESS + 1, _MOST_PROCESSES)
    if processes == 1:
        return [read_compared(directory) for directory in directories]
    # Started afresh and not forked: what holds a thread or a lock here holds none there.
    afresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, afresh, initializer=_as_reader) as pool, _uncollected():
        try:
            return list(pool.map(read_compared, directories, chunksize=_CHUNK))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _as_reader() -> None:
    """Ctrl-C is for the process that asked: it stops the others, and none of them says a word."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()


@contextmanager
def _uncollected() -> Iterator[None]:
    """No look for cycles among what is read inside, then or later: records have none, and among
    millions of objects looking takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _cores() -> int:
    """Those this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
