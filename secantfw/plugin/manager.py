"""pluggy's manager with this project's rules for what a hook implementation is."""

from __future__ import annotations

import inspect
import types

import pluggy

from secantfw import hookspecs
from secantfw.errors import nearest

PREFIX = "secantfw_"
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith(PREFIX))


class HookManager(pluggy.PluginManager):
    """Refuses what pluggy would pass over: unmarked and misspelt hooks, and wrappers."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if not name.startswith(PREFIX):
            return None  # so that lazy attributes of the module stay unloaded
        options = super().parse_hookimpl_opts(plugin, name)
        if options is None:
            self._refuse_unmarked(plugin, name)
        elif name not in HOOKS:
            near = nearest(name, HOOKS)
            hint = f"did you mean {near}?" if near else "there are: " + ", ".join(HOOKS)
            raise ValueError(f"there is no hook {name}; {hint}")
        elif options["wrapper"] or options["hookwrapper"]:
            raise ValueError(f"{name} is a wrapper; a plug-in may not change what others say")
        return options

    @staticmethod
    def _refuse_unmarked(plugin: object, name: str) -> None:
        """A hook without its decorator would be silently ignored."""
        found = getattr(plugin, name)
        own = isinstance(plugin, types.ModuleType) and plugin.__name__ == found.__module__
        if own and inspect.isroutine(found):
            raise ValueError(f"function {name} is not marked with @secantfw.hookimpl")


def new_manager() -> HookManager:
    manager = HookManager("secantfw")
    manager.add_hookspecs(hookspecs)
    return manager
