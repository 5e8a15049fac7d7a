"""One process a run directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import socket
from pathlib import Path

from secantfw.errors import UserError

_HOLDER = re.compile(r"process (\d+) on (\S+)")


class RunLock:
    """Holds `DIRECTORY/.lock` until `release` or the end of the process.

    The kernel frees it when the process dies, however it dies: a lock file without a lock is of a
    process that is gone, and is taken over.

    Raises:
        UserError: another process holds it; its host and pid are named.
    """

    def __init__(self, directory: Path) -> None:
        file = directory / ".lock"
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise UserError(f"{file}: cannot be opened ({error.strerror})") from error
        self._file = os.fdopen(descriptor, "r+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = self._file.read(200).strip()
            self._file.close()
            raise UserError(f"{directory}: in use by {_described(holder)}") from error
        except OSError as error:
            self._file.close()
            raise UserError(f"{file}: cannot be locked ({error.strerror})") from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without its holder's name
            self._file.truncate(0)
            self._file.write(f"process {os.getpid()} on {socket.gethostname()}")
            self._file.flush()

    def release(self) -> None:
        self._file.close()


def _described(holder: str) -> str:
    """The holder by its own words; one that is dead left a child that inherited the lock."""
    said = _HOLDER.fullmatch(holder)
    if said is None:
        return "another process"
    if said[2] != socket.gethostname() or _alive(int(said[1])):
        return holder
    return f"{holder}, which has ended; a process that it started still holds the lock: end that"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
