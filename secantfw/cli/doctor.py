"""`secantfw doctor`: what this machine has of what secantfw and its plug-ins need."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform

import attrs

from secantfw.discovery.calling import call, implementations
from secantfw.discovery.records import Plugins, cause
from secantfw.errors import ExitCode
from secantfw.interfaces.finding import Finding
from secantfw.runtime.terminal import put

NAME = "doctor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    findings = core_findings()
    findings.extend(Finding("problem", str(f)) for f in plugins.failures)
    findings.extend(Finding("note", str(w)) for w in plugins.warnings)
    for implementation in implementations(plugins, "secantfw_doctor"):
        try:
            findings.extend(call(plugins, implementation, "secantfw_doctor") or ())
        except Exception as error:
            said = f"plug-in {implementation.plugin_name!r} failed in secantfw_doctor"
            findings.append(Finding("problem", f"{said}: {cause(error)}"))
    if args.json:
        put(json.dumps([attrs.asdict(f) for f in findings], indent=2))
    else:
        for finding in findings:
            hint = f" ({finding.hint})" if finding.hint else ""
            put(f"{finding.level:<8} {finding.what}{hint}")
    bad = any(f.level == "problem" for f in findings)
    return int(ExitCode.USER if bad else ExitCode.DONE)


def core_findings() -> list[Finding]:
    """Python, the packages secantfw stands on, CPU threads, the accelerator."""
    import torch

    from secantfw.runtime.devices import accelerator, name_of

    findings = [Finding("ok", f"Python {platform.python_version()} on {platform.platform()}")]
    for name in ("torch", "torchvision", "safetensors", "clean-fid", "numpy", "pluggy", "attrs"):
        try:
            findings.append(Finding("ok", f"{name} {importlib.metadata.version(name)}"))
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding("problem", f"{name} is not installed", f"pip install {name}"))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    findings.append(Finding("ok", f"{torch.get_num_threads()} torch threads on {cores} cores"))
    here = accelerator()
    if here is not None:
        findings.append(Finding("ok", f"{here.type.upper()} device: {name_of(here)}"))
    else:
        findings.append(Finding("note", "no accelerator (CUDA, XPU): all runs on the CPU"))
    return findings
