"""From a registry entry to its options class and to the object itself."""

from __future__ import annotations

from typing import Any, cast

import attrs

from secantfw.discovery.component import Component
from secantfw.discovery.registry import import_string
from secantfw.errors import UserError


@attrs.frozen
class NoOptions:
    """A component without options."""


def options_class(component: Component) -> type[Any]:
    """The attrs class of the component's options.

    The one it was registered with; else, after importing the component, its own attrs fields, or
    `NoOptions` for a class without any.

    Raises:
        UserError: an import string that leads nowhere.
    """
    if component.options is not None:
        return cast(type[Any], _imported(component, component.options))
    target = _imported(component, component.target)
    return target if attrs.has(target) else NoOptions


def build(component: Component, options: Any, *site: Any) -> Any:
    """The component itself: `Target(options, *site)`.

    A component whose own attrs fields are its options is already built when they are structured.

    Raises:
        UserError: the machine lacks what the component needs, or it cannot be imported.
    """
    missing = unavailable(component) or probed(component, options)
    if missing:
        raise UserError(f"{component.kind} {component.full_name} is unavailable here: {missing}")
    if component.options is None and not isinstance(options, NoOptions):
        return options
    target = _imported(component, component.target)
    return target(*site) if component.options is None else target(options, *site)


def target_class(component: Component) -> type[Any]:
    """The component's class.

    Raises:
        UserError: it cannot be imported.
    """
    return cast(type[Any], _imported(component, component.target))


def unavailable(component: Component) -> str:
    """What the machine lacks that the component needs under any options; empty if nothing."""
    if "cuda" in component.needs:
        import torch

        if not torch.cuda.is_available():
            return "no CUDA device"
    return ""


def probed(component: Component, options: Any = None) -> str:
    """Why the component's own probe says that it cannot run here; empty if it can, or has none.

    Without options, as in a listing, the probe speaks of the defaults. Imports no torch.
    """
    if component.probe is None:
        return ""
    try:
        return str(_imported(component, component.probe)(options) or "")
    except Exception as error:
        return f"its probe failed ({type(error).__name__}: {error})"


def _imported(component: Component, text: str) -> Any:
    try:
        return import_string(text)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"{component.kind} {component.full_name}: plug-in {component.plugin!r} names "
            f"{text!r}, which cannot be imported ({type(error).__name__}: {error})"
        ) from error
