"""pluggy's manager with this project's rules for what a hook implementation is."""

from __future__ import annotations

import inspect
import types

import pluggy

from secantfw.errors import nearest

PREFIX = "secantfw_"


class HookManager(pluggy.PluginManager):
    """Refuses what pluggy would pass over: unmarked and misspelt hooks, and wrappers."""

    def __init__(self, hookspecs: types.ModuleType) -> None:
        super().__init__("secantfw")
        self.hooks = hooks_of(hookspecs)
        self.add_hookspecs(hookspecs)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if not name.startswith(PREFIX):
            return None  # so that lazy attributes of the module stay unloaded
        options = super().parse_hookimpl_opts(plugin, name)
        if options is None:
            self._refuse_unmarked(plugin, name)
        elif name not in self.hooks:
            near = nearest(name, self.hooks)
            hint = f"did you mean {near}?" if near else "there are: " + ", ".join(self.hooks)
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


def hooks_of(hookspecs: types.ModuleType) -> tuple[str, ...]:
    """The names of the hooks that a module specifies."""
    return tuple(name for name in vars(hookspecs) if name.startswith(PREFIX))
