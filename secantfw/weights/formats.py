"""Formats of foreign weights files, which plug-ins supply through `secantfw_weights_formats`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from secantfw.discovery.calling import call, implementations
from secantfw.discovery.records import Plugins
from secantfw.discovery.registry import NAME_PATTERN, import_string
from secantfw.errors import UserError
from secantfw.runtime.terminal import warn

if TYPE_CHECKING:
    from secantfw.interfaces.weights_format import WeightsFormat

_HOOK = "secantfw_weights_formats"


@attrs.frozen
class NamedFormat:
    """A format and its full name, `plugin:name`."""

    full_name: str
    format: WeightsFormat


def declared_formats(plugins: Plugins) -> dict[str, str]:
    """Full name and import string of every format; imports none of them.

    A plug-in whose hook fails brings none, and is named in the warnings.
    """
    found: dict[str, str] = {}
    for implementation in implementations(plugins, _HOOK):
        name = implementation.plugin_name
        try:
            said = call(plugins, implementation, _HOOK) or {}
            found.update({f"{name}:{key}": text for key, text in _checked(said)})
        except Exception as error:
            plugins.hook_failed(name, "weights_formats", error)
    return found


def weights_formats(plugins: Plugins) -> list[NamedFormat]:
    """Every format, imported. What is wrong with a plug-in's formats is a line on stderr."""
    before, found = len(plugins.warnings), []
    for full_name, text in declared_formats(plugins).items():
        try:
            found.append(NamedFormat(full_name, _built(text)))
        except Exception as error:
            plugins.hook_failed(full_name.partition(":")[0], "weights_formats", error)
    for warning in plugins.warnings[before:]:
        warn(warning)
    return found


def format_that_exports(plugins: Plugins, component: str, name: str) -> WeightsFormat:
    """The format `name` of the plug-in that brings the network `component`.

    Raises:
        UserError: it brings no such format, or one that only reads.
    """
    from secantfw.interfaces.weights_format import WeightsFormat

    owner = component.partition(":")[0]
    able = {
        named.full_name: named.format
        for named in weights_formats(plugins)
        if named.full_name.startswith(f"{owner}:")
        and type(named.format).export is not WeightsFormat.export
    }
    if f"{owner}:{name}" not in able:
        known = ", ".join(["safetensors", *(key.partition(":")[2] for key in able)])
        raise UserError(f"export: {component} has no counterpart in {name!r}; it goes to {known}")
    return able[f"{owner}:{name}"]


def _checked(said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in said.items():
        if not NAME_PATTERN.fullmatch(name):
            raise ValueError(f"format name {name!r} does not match {NAME_PATTERN.pattern}")
        if not isinstance(text, str) or text.count(":") != 1:
            raise ValueError(f"format {name!r}: {text!r} is not of the form 'module:Class'")
        yield name, text


def _built(text: str) -> WeightsFormat:
    from secantfw.interfaces.weights_format import WeightsFormat

    made = import_string(text)()
    if not isinstance(made, WeightsFormat):
        raise TypeError(f"{text} is no secantfw.WeightsFormat")
    return made
