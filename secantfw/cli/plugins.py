"""`secantfw plugins`: what is installed, what it brings, what is wrong with it and why."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any

from secantfw.cli.main import VERBS
from secantfw.cli.rehearsal import rehearse
from secantfw.discovery.records import PluginFailure, Plugins, PluginWarning
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put

NAME = "plugins"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--why", metavar="NAME", help="everything that is wrong with one plug-in")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    rehearse(plugins, VERBS)
    if args.why is not None:
        return _why(args.why, plugins)
    rows = _rows(plugins)
    if args.json:
        import json

        put(json.dumps(rows, indent=2))
        return int(ExitCode.DONE)
    wide = max((len(row["distribution"]) for row in rows), default=0)
    for row in rows:
        time = "" if row["milliseconds"] is None else f"{row['milliseconds']:.1f} ms"
        put(f"{row['name']:<14} {row['distribution']:<{wide}} {time:>10}  {_status(row)}")
        for warning in row["warnings"]:
            put(f"{'':<14} {warning}")
    return int(ExitCode.DONE)


def _status(row: dict[str, Any]) -> str:
    if row["status"] == "ok":
        return ", ".join(f"{n} {kind}" for kind, n in row["components"].items()) or "hooks only"
    if row["status"] == "blocked":
        return "left out by name"
    return f"FAILED: {row['error']}"


def _rows(plugins: Plugins) -> list[dict[str, Any]]:
    rows = [
        *(_row(p.name, p.distribution, "ok", plugins, p.milliseconds) for p in plugins.loaded),
        *(_failed(f, plugins) for f in plugins.failures),
        *(_row(name, d, "blocked", plugins) for name, d in plugins.blocked.items()),
    ]
    return sorted(rows, key=lambda row: (row["name"], row["status"] != "ok"))


def _row(
    name: str, distribution: str, status: str, plugins: Plugins, time: float | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "distribution": distribution,
        "status": status,
        "milliseconds": None if time is None else round(time, 2),
        "components": _brings(name, plugins) if status == "ok" else {},
        "error": None,
        "next_step": None,
        "warnings": [f"{w.level}: {w.what}; {w.next_step}"
                     for w in _warnings(name, distribution, plugins)],
    }  # fmt: skip


def _failed(failure: PluginFailure, plugins: Plugins) -> dict[str, Any]:
    row = _row(failure.name, failure.distribution, "failed", plugins)
    error = f"{failure.stage}: {failure.cause}"
    return {**row, "error": error, "next_step": failure.next_step}


def _brings(name: str, plugins: Plugins) -> dict[str, int]:
    return dict(Counter(c.kind for c in plugins.registry if c.plugin == name))


def _warnings(name: str, distribution: str, plugins: Plugins) -> Iterator[PluginWarning]:
    for warning in plugins.warnings:
        if (warning.name, warning.distribution) == (name, distribution):
            yield warning


def _why(name: str, plugins: Plugins) -> int:
    """Plug-in, distribution, version, stage, cause, next step; then where it happened."""
    import traceback

    rows = [row for row in _rows(plugins) if row["name"] == name]
    if not rows:
        raise UserError(f"no plug-in named {name!r} is installed")
    for row in rows:
        put(f"plug-in {name!r} of {row['distribution']}: {row['status']}")
        for warning in row["warnings"]:
            put(f"  {warning}")
    for failure in (f for f in plugins.failures if f.name == name):
        put(f"  failed at stage: {failure.stage} ({failure.distribution})")
        put(f"  cause: {failure.cause}\n  next step: {failure.next_step}")
    for error in _errors(name, plugins):
        put("\n" + "".join(traceback.format_exception(error)), end="")
    return int(ExitCode.DONE)


def _errors(name: str, plugins: Plugins) -> Iterator[BaseException]:
    yield from (f.error for f in plugins.failures if f.name == name)
    yield from (w.error for w in plugins.warnings if w.name == name and w.error is not None)
