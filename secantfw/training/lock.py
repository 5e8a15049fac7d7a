"""One process a run directory."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from secantfw.errors import UserError


class RunLock:
    """Holds `DIRECTORY/.lock` until `release` or the end of the process.

    The kernel frees it when the process dies, however it dies, so there are no stale locks.

    Raises:
        UserError: another process holds it; its host and pid are named.
    """

    def __init__(self, directory: Path) -> None:
        self._file = (directory / ".lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise UserError(f"{directory}: in use by {holder}") from error
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} on {socket.gethostname()}")
        self._file.flush()

    def release(self) -> None:
        self._file.close()
