"""What a number may depend on, kept as environment.json. Torch is imported when it is asked."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secantfw.version import __version__


def environment(seed: int, device: str) -> Mapping[str, Any]:
    """What a number may depend on: versions, device, threads, code, plug-ins."""
    import torch

    from secantfw.runtime.devices import name_of

    entries = importlib.metadata.entry_points(group="secantfw")
    return {
        "secantfw": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device,
        "device_name": platform.processor() if device == "cpu" else name_of(torch.device(device)),
        "threads": torch.get_num_threads(),
        "platform": platform.platform(),
        "git_commit": _git_commit(),
        "argv": sys.argv,
        "seed": seed,
        "plugins": [
            {"name": e.name, "distribution": f"{e.dist.name} {e.dist.version}" if e.dist else ""}
            for e in sorted(entries, key=lambda e: e.name)
        ],
    }


def _git_commit() -> str | None:
    """The commit of the source tree secantfw runs from, `-dirty` with local changes; else None."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        said = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip() or None
