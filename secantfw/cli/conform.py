"""`secantfw conform NAME`: hold a plug-in's components to the checks of the conformance kit."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from secantfw.discovery.component import Component
from secantfw.discovery.local import load_local
from secantfw.discovery.records import Plugins
from secantfw.discovery.registry import KINDS
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put

if TYPE_CHECKING:
    from secantfw.testing.running import CheckResult

NAME = "conform"
#: A check failed: neither the user's mistake in calling this verb, nor a run that was aborted.
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help="a plug-in, or KIND:[PLUGIN:]NAME such as loss:sdei"
    )
    parser.add_argument(
        "--local", metavar="FILE", action="append", default=[], help="load this one-file plug-in"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    for file in args.local:
        load_local(plugins, Path(file))
    components = _components(args.name, plugins)

    from secantfw.runtime.progress import Progress
    from secantfw.testing.running import conform_component

    found: list[CheckResult] = []
    shown = not args.json and sys.stdout.isatty()  # the rows themselves say how far it is
    with nullcontext() if shown else Progress(len(components), 0, "components") as progress:
        for done, component in enumerate(components, 1):
            said = ""
            for result in conform_component(component, plugins.registry):
                found.append(result)
                if not args.json:
                    put(_line(result, said, _width(components)))
                said = result.reason or said
            if progress is not None:
                progress.tick(done)
    if args.json:
        put(json.dumps([attrs.asdict(result) for result in found], indent=2))
    else:
        put(_summary(found))
    return _FAILED if any(r.outcome == "failed" for r in found) else int(ExitCode.DONE)


def _components(name: str, plugins: Plugins) -> Sequence[Component]:
    """Those of a plug-in, or the one that is named."""
    kind, _, rest = name.partition(":")
    if rest and kind in KINDS:
        return [plugins.registry.find(kind, rest)]
    found = [c for c in plugins.registry if c.plugin == name]
    if found:
        return found
    failed = [str(f) for f in plugins.failures if f.name == name]
    if any(p.name == name for p in plugins.loaded):
        raise UserError(f"conform: plug-in {name!r} registers no component")
    what = f"conform: no plug-in is called {name!r}, and it is not KIND:[PLUGIN:]NAME"
    what += plugins.registry.with_kind(name)
    raise UserError("; ".join([what, *failed]))


def _width(components: Sequence[Component]) -> int:
    return max(len(f"{c.kind}:{c.full_name}") for c in components)


def _line(result: CheckResult, said: str, width: int) -> str:
    """A row; a reason that is the last one `said` of this component is not said again."""
    reason = "the same" if result.reason and result.reason == said else result.reason
    reason = f"  {reason}" if reason else ""
    return f"{result.component:<{width}}  {result.outcome:<8}  {result.check}{reason}"


def _summary(found: Sequence[CheckResult]) -> str:
    outcomes = ("ok", "failed", "expected", "skipped")
    counts = [(sum(r.outcome == o for r in found), o) for o in outcomes]
    said = {"expected": "failed as expected"}
    return ", ".join(f"{n} {said.get(o, o)}" for n, o in counts if n)
