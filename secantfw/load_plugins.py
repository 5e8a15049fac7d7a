"""The installed plug-ins, loaded by the hooks of secantfw.hookspecs. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Iterable

from secantfw import hookspecs
from secantfw.discovery.entry import Entry
from secantfw.discovery.entry_points import installed
from secantfw.discovery.isolation import stdout_below_python
from secantfw.discovery.loader import load_one
from secantfw.discovery.manager import HookManager
from secantfw.discovery.records import Plugins
from secantfw.discovery.registry import Registry
from secantfw.errors import UserError, nearest


def load_plugins(
    *,
    only: Iterable[str] | None = None,
    without: Iterable[str] = (),
    strict: bool = False,
    trace: bool = False,
) -> Plugins:
    """Load the installed plug-ins: all, those in `only`, or all but those in `without`.

    `only` defaults to the names in SECANTFW_PLUGINS, where that is set.

    Raises:
        UserError: a name in `only` or `without` that is not installed.
        Exception: with `strict`, what a broken plug-in raised.
    """
    plugins = Plugins(HookManager(hookspecs), Registry(), [], [], strict=strict, trace=trace)
    entries, blocked = installed(), set(without)
    chosen = _from_environment() if only is None else set(only)
    _check_names((chosen or set()) | blocked, entries)
    with stdout_below_python():
        for entry in entries:
            if (chosen is None or entry.name in chosen) and entry.name not in blocked:
                load_one(plugins, entry)
            else:
                plugins.blocked[entry.name] = entry.distribution
    plugins.registry.failures.extend(str(f) for f in plugins.failures)
    if plugins.blocked:
        plugins.registry.failures.append("left out by name: " + ", ".join(plugins.blocked))
    return plugins


def _from_environment() -> set[str] | None:
    said = os.environ.get("SECANTFW_PLUGINS")
    return None if said is None else {name.strip() for name in said.split(",") if name.strip()}


def _check_names(names: set[str], entries: list[Entry]) -> None:
    known = sorted({entry.name for entry in entries})
    for name in sorted(names - set(known)):
        near = nearest(name, known)
        hint = f"did you mean {near!r}?" if near else "installed: " + ", ".join(known)
        raise UserError(f"no plug-in named {name!r} is installed; {hint}")
