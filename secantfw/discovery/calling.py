"""Call plug-ins' hooks one implementation at a time: isolated, timed, stdout kept clean."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, TypeVar

from pluggy import HookImpl

from secantfw.discovery.records import Plugins
from secantfw.runtime.terminal import say

T = TypeVar("T")


def implementations(plugins: Plugins, hook: str) -> list[HookImpl]:
    """Who implements a hook, by name: pluggy's order would be that of registration, reversed."""
    found = getattr(plugins.manager.hook, hook).get_hookimpls()
    return sorted(found, key=lambda implementation: implementation.plugin_name)


def call(plugins: Plugins, implementation: HookImpl, hook: str, **arguments: Any) -> Any:
    """Call one implementation with the arguments it takes; a generator is run to its end here.

    Raises:
        Exception: what the plug-in raised; a `sys.exit` in it becomes a RuntimeError, since a
            plug-in must not end a command.
    """

    def run() -> Any:
        with contextlib.redirect_stdout(sys.stderr):  # a plug-in's print must not spoil --json
            said = implementation.function(*[arguments[n] for n in implementation.argnames])
            return list(said) if isinstance(said, Iterator) else said

    return traced(plugins.trace, f"{hook} {implementation.plugin_name!r}", contained(run))


def contained(function: Callable[[], T]) -> Callable[[], T]:
    """`function` with everything it may raise, save Ctrl-C, an `Exception`."""

    def run() -> T:
        try:
            return function()
        except (Exception, KeyboardInterrupt):
            raise
        except SystemExit as stop:
            raise RuntimeError(f"it called sys.exit({stop.code!r})") from stop
        except BaseException as error:
            raise RuntimeError(f"it raised {type(error).__name__}: {error}") from error

    return run


def traced(trace: bool, what: str, function: Callable[[], T]) -> T:
    """Call `function`; with `trace`, say on stderr how long it took and whether it raised."""
    if not trace:
        return function()
    start, ending = perf_counter(), " (raised)"
    try:
        value = function()
        ending = ""
        return value
    finally:
        spent = (perf_counter() - start) * 1000
        say(f"secantfw: trace: {what} {spent:.2f} ms{ending}")
