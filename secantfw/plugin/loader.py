"""Load plug-ins one entry point at a time, so that a broken one never takes another with it.

pluggy's own loader stops at the first ImportError and loses the rest; this one turns every
failure into a `PluginFailure` with the plug-in, its distribution, the stage and the cause.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Literal

import attrs
import pluggy

import secantfw
from secantfw import hookspecs
from secantfw.errors import UserError
from secantfw.plugin.registry import Register, Registry

GROUP = "secantfw"
Stage = Literal["import", "api", "hooks", "components"]


@attrs.frozen
class PluginFailure:
    """Why a plug-in is not there."""

    name: str
    distribution: str
    stage: Stage
    error: Exception

    def __str__(self) -> str:
        cause = f"{type(self.error).__name__}: {self.error}"
        return (
            f"plug-in {self.name!r} ({self.distribution}) not loaded: {cause}. "
            f"Run 'secantfw plugins --why {self.name}'"
        )


@attrs.frozen
class LoadedPlugin:
    """A plug-in that works: its name, where it comes from, what loading it took."""

    name: str
    distribution: str
    milliseconds: float
    module: ModuleType


@attrs.define
class Plugins:
    """What loading gave: the hooks to call, the registry, and the failures."""

    manager: pluggy.PluginManager
    registry: Registry
    loaded: list[LoadedPlugin]
    failures: list[PluginFailure]

    def warn(self) -> None:
        """One stderr line for each plug-in that failed."""
        for failure in self.failures:
            print(f"secantfw: warning: {failure}", file=sys.stderr)


class _HookManager(pluggy.PluginManager):
    """Looks at names that start with `secantfw_` only, so that lazy attributes stay unloaded."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return super().parse_hookimpl_opts(plugin, name) if name.startswith("secantfw_") else None


def load_plugins(
    *, only: Iterable[str] | None = None, without: Iterable[str] = (), strict: bool = False
) -> Plugins:
    """Load the installed plug-ins: all, those in `only`, or all but those in `without`.

    Raises:
        UserError: a name in `only` that is not installed.
        Exception: with `strict`, what a broken plug-in raised.
    """
    manager = _HookManager("secantfw")
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, Registry(), [], [])
    entries = sorted(
        importlib.metadata.entry_points(group=GROUP), key=lambda e: (e.name, _distribution(e))
    )
    if only is not None:
        missing = sorted(set(only) - {e.name for e in entries})
        if missing:
            raise UserError(f"no plug-in named {missing[0]!r} is installed")
    blocked = set(without)
    for entry in entries:
        if (only is None or entry.name in only) and entry.name not in blocked:
            _load_one(plugins, entry, strict)
    plugins.registry.failures.extend(str(f) for f in plugins.failures)
    return plugins


def _load_one(plugins: Plugins, entry: importlib.metadata.EntryPoint, strict: bool) -> None:
    stage: Stage = "import"
    start = perf_counter()
    module: ModuleType | None = None
    try:
        if any(p.name == entry.name for p in plugins.loaded):
            first = next(p for p in plugins.loaded if p.name == entry.name)
            raise ValueError(f"{first.distribution} has a plug-in of this name already")
        module = entry.load()
        stage = "api"
        _check_api(module)
        stage = "hooks"
        plugins.manager.register(module, name=entry.name)
        plugins.manager.check_pending()
        stage = "components"
        register_components(plugins, entry.name, module)
    except Exception as error:
        if module is not None and plugins.manager.is_registered(module):
            plugins.manager.unregister(module)
        if strict:
            raise
        plugins.failures.append(PluginFailure(entry.name, _distribution(entry), stage, error))
    else:
        spent = (perf_counter() - start) * 1000
        plugins.loaded.append(LoadedPlugin(entry.name, _distribution(entry), spent, module))


def _check_api(module: ModuleType) -> None:
    wanted = getattr(module, "SECANTFW_API", 1)
    if wanted != secantfw.PLUGIN_API:
        raise RuntimeError(
            f"written for plug-in API {wanted}; this secantfw speaks {secantfw.PLUGIN_API}"
        )


def register_components(plugins: Plugins, name: str, module: ModuleType) -> None:
    """Call the module's own `secantfw_components`; what it registers is added as a whole."""
    implementations = plugins.manager.hook.secantfw_components.get_hookimpls()
    for implementation in implementations:
        if implementation.plugin is module:
            register = Register(name, Path(module.__file__ or ".").parent)
            implementation.function(*[register for _ in implementation.argnames])
            register.into(plugins.registry)


def _distribution(entry: importlib.metadata.EntryPoint) -> str:
    if entry.dist is None:
        return "no distribution"
    return f"{entry.dist.name} {entry.dist.version}"
