"""What a machine needs and whether it is there: findings of the core and of plug-ins."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Literal

import attrs


@attrs.frozen
class Finding:
    """One thing a plug-in needs of the machine."""

    level: Literal["ok", "note", "problem"]
    what: str
    hint: str = ""


def core_findings() -> list[Finding]:
    """Python, the packages secantfw stands on, CPU threads, CUDA."""
    import torch

    findings = [Finding("ok", f"Python {platform.python_version()} on {platform.platform()}")]
    for name in ("torch", "torchvision", "safetensors", "clean-fid", "numpy", "pluggy", "attrs"):
        try:
            findings.append(Finding("ok", f"{name} {importlib.metadata.version(name)}"))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding("problem", f"{name} is not installed", f"pip install {name}"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    findings.append(Finding("ok", f"{torch.get_num_threads()} torch threads on {cores} cores"))
    if torch.cuda.is_available():
        findings.append(Finding("ok", f"CUDA device: {torch.cuda.get_device_name()}"))
    else:
        findings.append(Finding("note", "no CUDA device: everything runs on the CPU"))
    return findings
