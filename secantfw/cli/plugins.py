"""`secantfw plugins`: what is installed, what it brings, what failed and why."""

from __future__ import annotations

import argparse
import json
import traceback
from collections import Counter
from typing import Any

from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins

NAME = "plugins"
HELP = "list the installed plug-ins and what they bring"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why", metavar="NAME", help="the traceback of a plug-in that failed")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    if args.why is not None:
        return _why(args.why, plugins)
    rows = _rows(plugins)
    if args.json:
        print(json.dumps(rows, indent=2))
        return int(ExitCode.DONE)
    for row in rows:
        brings = ", ".join(f"{n} {kind}" for kind, n in row["components"].items())
        status = brings if row["status"] == "ok" else f"FAILED: {row['error']}"
        print(f"{row['name']:<14} {row['distribution']:<24} {row['milliseconds']:>7.1f} ms  {status}")
    return int(ExitCode.DONE)


def _rows(plugins: Plugins) -> list[dict[str, Any]]:
    ok = [
        {
            "name": p.name,
            "distribution": p.distribution,
            "status": "ok",
            "milliseconds": round(p.milliseconds, 2),
            "components": dict(Counter(c.kind for c in plugins.registry if c.plugin == p.name)),
            "error": None,
        }
        for p in plugins.loaded
    ]
    failed = [
        {
            "name": f.name,
            "distribution": f.distribution,
            "status": "failed",
            "milliseconds": 0.0,
            "components": {},
            "error": f"{f.stage}: {type(f.error).__name__}: {f.error}",
        }
        for f in plugins.failures
    ]
    return sorted([*ok, *failed], key=lambda row: str(row["name"]))


def _why(name: str, plugins: Plugins) -> int:
    for failure in plugins.failures:
        if failure.name == name:
            print("".join(traceback.format_exception(failure.error)), end="")
            print(f"plug-in {name!r} of {failure.distribution} failed at: {failure.stage}")
            return int(ExitCode.DONE)
    if any(p.name == name for p in plugins.loaded):
        print(f"plug-in {name!r} works")
        return int(ExitCode.DONE)
    raise UserError(f"no plug-in named {name!r} is installed")
