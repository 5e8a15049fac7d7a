"""`secantfw doctor`: what this machine has of what secantfw and its plug-ins need."""

from __future__ import annotations

import argparse
import json

import attrs

from secantfw.errors import ExitCode
from secantfw.plugin.calling import call, implementations
from secantfw.plugin.loader import Plugins
from secantfw.plugin.records import cause
from secantfw.runtime.terminal import put

NAME = "doctor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.doctor import Finding, core_findings

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
