"""Whether this machine can have a CUDA device, told without torch: listings ask too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from secantfw_cuda.options import SecantGraphOptions

#: Where a driver shows itself: its device files, those of Windows' Linux, Windows' own library.
_LINUX = ("nvidia0", "nvidiactl", "dxg")
_WINDOWS = r"C:\Windows\System32\nvcuda.dll"


def graph_unavailable(options: SecantGraphOptions | None) -> str:
    """Why nothing can be recorded here, where the options ask for it; else ''."""
    if options is not None and options.graph != "on":
        return ""
    reason = no_cuda()
    return f"{reason}; graph = 'off' or 'auto' runs on the CPU" if reason else ""


def no_cuda(devices: Path = Path("/dev")) -> str:
    """Why there is no CUDA device; '' where there may be one."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides every CUDA device"
    if sys.platform == "win32":
        found = Path(_WINDOWS).exists()
    else:
        found = any((devices / name).exists() for name in _LINUX)
    return "" if found else "no CUDA device"
