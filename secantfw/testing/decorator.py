"""`@conformance("loss:huber")`: one pytest test for each check of a component."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from secantfw.discovery.component import Component
from secantfw.discovery.local import load_local
from secantfw.discovery.records import Plugins
from secantfw.discovery.registry import KINDS, Registry
from secantfw.errors import UserError
from secantfw.interfaces.records import DataSpec
from secantfw.load_plugins import load_plugins
from secantfw.testing.check import Check, Skip
from secantfw.testing.checks import checks_for
from secantfw.testing.running import run_check
from secantfw.testing.subject import Subject, subject_of

Test = Callable[[Check], None]


def conformance(
    name: str,
    *,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    spec: DataSpec | None = None,
    local_plugins: Sequence[str | Path] = (),
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turn a function into one test for each check of the component KIND:[PLUGIN:]NAME.

    Args:
        name: of an installed component, or of one in `local_plugins`.
        options: TOML values, laid over the component's registered example.
        expected_failures: check name -> reason; such a test must fail (strict xfail). Those of
            the component's registration hold too.
        spec: data to build a backbone, teacher or metric for; else the kit chooses.
        local_plugins: one-file plug-ins to load first.

    The decorated function is called with the check after it held; its body may be `pass`.

    Raises:
        UserError: no such component, options it does not take, or no such check.
    """
    import pytest

    registry = _registry(tuple(map(Path, local_plugins)))
    component = find_component(name, registry)
    expected = {**component.expected_failures, **(expected_failures or {})}
    checks = checks_for(component.kind)
    unknown = sorted(expected.keys() - {check.name for check in checks})
    if unknown:
        raise UserError(f"conformance of {name}: no check is called {unknown[0]!r}")
    subject = subject_of(component, registry, options, spec)
    parameters = [
        pytest.param(check, id=check.name, marks=_marks(pytest, expected.get(check.name)))
        for check in checks
    ]

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @pytest.mark.parametrize("check", parameters)
        def test(check: Check) -> None:
            _run(pytest, check, subject)

        test.__name__, test.__doc__ = function.__name__, function.__doc__
        test.__module__ = function.__module__
        return test

    return decorate


def find_component(name: str, registry: Registry) -> Component:
    """The component KIND:[PLUGIN:]NAME.

    Raises:
        UserError: not of that form, or none of that name.
    """
    kind, _, rest = name.partition(":")
    if kind not in KINDS or not rest:
        kinds = ", ".join(KINDS)
        raise UserError(f"expected KIND:[PLUGIN:]NAME with KIND one of {kinds}; got {name!r}")
    return registry.find(kind, rest)


def _run(pytest: Any, check: Check, subject: Subject) -> None:
    try:
        run_check(check, subject)
    except Skip as skip:
        pytest.skip(str(skip))


def _marks(pytest: Any, reason: str | None) -> Sequence[Any]:
    return () if reason is None else (pytest.mark.xfail(reason=reason, strict=True),)


@functools.cache
def _registry(local_plugins: tuple[Path, ...]) -> Registry:
    plugins: Plugins = load_plugins()
    for file in local_plugins:
        load_local(plugins, file)
    return plugins.registry
