"""`secantfw components [KIND]`: every component by kind."""

from __future__ import annotations

import argparse

import attrs

from secantfw.discovery.building import probed
from secantfw.discovery.component import Component
from secantfw.discovery.records import Plugins
from secantfw.discovery.registry import KINDS
from secantfw.errors import ExitCode
from secantfw.runtime.terminal import put

NAME = "components"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", nargs="?", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    found = [c for c in plugins.registry if args.kind in (None, c.kind)]
    if args.json:
        import json

        rows = [
            {"full_name": c.full_name, **attrs.asdict(c), "unavailable": probed(c)} for c in found
        ]
        put(json.dumps(rows, indent=2))
        return int(ExitCode.DONE)
    width = max((len(c.full_name) for c in found), default=0)
    for kind in dict.fromkeys(c.kind for c in found):
        put(kind)
        for component in (c for c in found if c.kind == kind):
            put(f"  {component.full_name:<{width}}  {_summary(component)}")
    return int(ExitCode.DONE)


def _summary(component: Component) -> str:
    needs = f" (needs {', '.join(component.needs)})" if component.needs else ""
    missing = probed(component)
    return component.summary + needs + (f" (unavailable here: {missing})" if missing else "")
