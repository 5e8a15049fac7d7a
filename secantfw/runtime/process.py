"""Whether a process of this machine is still there."""

from __future__ import annotations

import os


def is_alive(pid: int) -> bool:
    """True also for one of another user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
