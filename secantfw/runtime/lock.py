"""One process a run directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from secantfw.errors import UserError, printable
from secantfw.runtime.process import is_alive
from secantfw.runtime.regular_file import open_regular
from secantfw.runtime.writing import remove_abandoned

_HOLDER = re.compile(r"process (\d+) on (\S+)")


class RunLock:
    """Holds `DIRECTORY/.lock` until `release` or the end of the process.

    The kernel frees it when the process dies, however it dies: a lock file without a lock is of a
    process that is gone, and is taken over. `shared` is for processes that write different parts
    of a run side by side; it keeps those out that need the whole.

    Raises:
        UserError: another process holds it; its host and pid are named.
    """

    def __init__(self, directory: Path, *, shared: bool = False) -> None:
        self._directory, self._path = directory, directory / ".lock"
        self._file = _opened(self._path)
        try:
            self._lock(fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except UserError:
            self._file.close()
            raise

    def _lock(self, how: int) -> None:
        try:
            fcntl.flock(self._file, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self._file.read(200).decode("utf-8", "replace").strip()
            who = printable(_described(holder))
            raise UserError(f"{printable(self._directory)}: in use by {who}") from error
        except OSError as error:
            raise UserError(
                f"{printable(self._path)}: cannot be locked ({error.strerror})"
            ) from error
        if how == fcntl.LOCK_EX:
            self._sign()

    def _sign(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: the lock holds without its holder's name
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()} on {socket.gethostname()}".encode())
            self._file.flush()
        remove_abandoned(self._directory)

    def release(self) -> None:
        self._file.close()


@contextlib.contextmanager
def locked(directory: Path, *, shared: bool = False) -> Iterator[None]:
    """Inside, `RunLock(directory)` is held."""
    lock = RunLock(directory, shared=shared)
    try:
        yield
    finally:
        lock.release()


def _opened(file: Path) -> BinaryIO:
    """The lock file, made where it is not there; never one that a link leads to."""
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        return open_regular(file, os.O_RDWR)
    except OSError as error:
        raise UserError(f"{printable(file)}: cannot be opened ({error.strerror})") from error


def _described(holder: str) -> str:
    """The holder by its own words; one that is dead left a child that inherited the lock."""
    said = _HOLDER.fullmatch(holder)
    if said is None:
        return "another process"
    if said[2] != socket.gethostname() or is_alive(int(said[1])):
        return holder
    return f"{holder}, which has ended; a process that it started still holds the lock: end that"
