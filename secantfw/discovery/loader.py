"""Load plug-ins one entry point at a time, so that a broken one never takes another with it.

pluggy's own loader stops at the first ImportError and loses the rest; this one turns every
failure into a `PluginFailure` with the plug-in, its distribution, the stage and the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import attrs

from secantfw.discovery.calling import contained, traced
from secantfw.discovery.entry import Entry
from secantfw.discovery.isolation import Seen, watched
from secantfw.discovery.records import LoadedPlugin, PluginFailure, Plugins, PluginWarning, Stage
from secantfw.discovery.registry import Register
from secantfw.version import PLUGIN_API


class OtherApi(RuntimeError):
    """A plug-in of another API version."""

    def __init__(self, wanted: object) -> None:
        speaks = PLUGIN_API
        super().__init__(f"written for plug-in API {wanted!r}; this secantfw speaks {speaks}")
        self.wanted = wanted


@attrs.define
class _Attempt:
    """One plug-in on its way in; `stage` says how far it came."""

    entry: Entry
    stage: Stage = "name"
    module: ModuleType | None = None


def load_one(plugins: Plugins, entry: Entry) -> None:
    """Into `plugins`: what it brings, or why it failed and what it did while it loaded."""
    attempt = _Attempt(entry)
    error: Exception | None = None
    with watched() as seen:
        try:
            contained(lambda: _enter(plugins, attempt))()
        except Exception as raised:
            error = raised
    if error is None:
        assert attempt.module is not None
        loaded = LoadedPlugin(entry.name, entry.distribution, seen.milliseconds, attempt.module)
        plugins.loaded.append(loaded)
    else:
        _leave(plugins, attempt, error)
    _complain(plugins, attempt, seen)


def _enter(plugins: Plugins, attempt: _Attempt) -> None:
    name = attempt.entry.name
    first = next((p for p in plugins.loaded if p.name == name), None)
    if first is not None:
        raise ValueError(f"{first.distribution} has a plug-in of this name already")
    attempt.stage = "import"
    attempt.module = module = _module(plugins, attempt.entry)
    for stage, step in entering(plugins, module, name):
        attempt.stage = stage
        step()


def entering(
    plugins: Plugins, module: ModuleType, name: str
) -> Iterator[tuple[Stage, Callable[[], None]]]:
    """What an imported plug-in goes through: API version, hooks, components."""
    yield "api", lambda: _check_api(module)
    yield "hooks", lambda: _register_hooks(plugins, module, name)
    yield "components", lambda: _register_components(plugins, module, name)


def _check_api(module: ModuleType) -> None:
    wanted = getattr(module, "SECANTFW_API", 1)
    if wanted != PLUGIN_API:
        raise OtherApi(wanted)


def _register_hooks(plugins: Plugins, module: ModuleType, name: str) -> None:
    plugins.manager.register(module, name=name)
    if not plugins.manager.get_hookcallers(module):
        raise ValueError(f"module {module.__name__} implements no hook")


def _module(plugins: Plugins, entry: Entry) -> ModuleType:
    module = traced(plugins.trace, f"import {entry.name!r}", entry.load)
    if not isinstance(module, ModuleType):
        raise TypeError(f"its entry point {entry.value!r} names no module")
    other = plugins.manager.get_name(module)
    if other is not None:
        raise ValueError(f"its module {entry.value} is plug-in {other!r} already")
    return module


def _leave(plugins: Plugins, attempt: _Attempt, error: Exception) -> None:
    """Take back what a plug-in that failed had registered."""
    if plugins.manager.has_plugin(attempt.entry.name) and attempt.stage != "name":
        plugins.manager.unregister(name=attempt.entry.name)
    if plugins.strict:
        raise error
    source = attempt.entry.distribution
    plugins.failures.append(PluginFailure(attempt.entry.name, source, attempt.stage, error))


def _complain(plugins: Plugins, attempt: _Attempt, seen: Seen) -> None:
    """Name what it did while loading, whether it loaded or not."""
    name, source = attempt.entry.name, attempt.entry.distribution
    for what, hint in seen.complaints():
        warning = PluginWarning(name, source, attempt.stage, what, hint)
        if plugins.strict:
            raise RuntimeError(str(warning))
        plugins.warnings.append(warning)
    for what, hint in seen.notes():
        plugins.warnings.append(PluginWarning(name, source, attempt.stage, what, hint, "note"))
    slow = seen.slowness()
    if slow:
        hint = f"ask its author, or leave it out with --no-plugin {name}"
        plugins.warnings.append(PluginWarning(name, source, attempt.stage, slow, hint))


def _register_components(plugins: Plugins, module: ModuleType, name: str) -> None:
    """Call the module's own `secantfw_components`; what it registers is added as a whole."""
    for implementation in plugins.manager.hook.secantfw_components.get_hookimpls():
        if implementation.plugin is module:
            register = Register(name, Path(module.__file__ or ".").parent)
            given = [register for _ in implementation.argnames]
            what = f"secantfw_components {name!r}"
            traced(plugins.trace, what, partial(implementation.function, *given))
            register.into(plugins.registry)
