"""`train.steps=50 seed=3`: the command line as one more layer, laid over the files.

`metrics.use[0].weights=FILE` changes one option of one element; other arrays are given whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from secantfw.errors import ExperimentError, Problem
from secantfw.experiment.extends import KEY as EXTENDS
from secantfw.experiment.keys import shorten
from secantfw.experiment.layer import COMMAND_LINE, Element, Layer
from secantfw.experiment.read import parse

#: A right side that is not TOML but plainly one word: a name, a path, `asset:NAME`.
_WORD = re.compile(r"[A-Za-z_./~][A-Za-z0-9_./:~+@%-]*")
_ELEMENT = re.compile(r"(?P<array>[^\[\]]+)\[(?P<index>\d{1,4})\](?:\.(?P<rest>[^\[\]]+))?")
_HINT = "expected KEY=VALUE with VALUE in TOML, such as train.steps=50 or title='\"two words\"'"


def overrides_layer(arguments: Sequence[str]) -> Layer:
    """The arguments as a layer; relative paths in it start at the current folder.

    Raises:
        ExperimentError: every argument that is not `key=value`, or that contradicts another.
    """
    tables: dict[str, Any] = {}
    elements: list[Element] = []
    problems = [what for argument in arguments for what in _add(argument, tables, elements)]
    if problems:
        raise ExperimentError(problems)
    return Layer(COMMAND_LINE, None, Path.cwd(), "", tables, tuple(elements))


def _add(argument: str, tables: dict[str, Any], elements: list[Element]) -> list[Problem]:
    name, equals, value = argument.partition("=")
    name = name.strip()
    element = _ELEMENT.fullmatch(name)
    key = _key(name if element is None else element["array"])
    rest = () if element is None or element["rest"] is None else _key(element["rest"])
    if not equals or not key or (element is not None and element["rest"] and not rest):
        return [Problem(f"{shorten(repr(argument))}: {_HINT}", file=COMMAND_LINE)]
    if key[0] == EXTENDS:  # the files are read before the command line is laid over them
        return [Problem("cannot be set here", EXTENDS, COMMAND_LINE)]
    parsed = _value(value.strip())
    if parsed is None:
        return [Problem(f"{shorten(repr(value))} is not TOML; {_HINT}", name, COMMAND_LINE)]
    if element is not None:
        elements.append(Element(key, int(element["index"]), rest, parsed["value"]))
        return []
    node = tables
    for part in key[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            return [Problem("an earlier argument made it a value", name, COMMAND_LINE)]
    node[key[-1]] = parsed["value"]
    return []


def _key(name: str) -> tuple[str, ...]:
    """The parts of a dotted key; empty if it is none."""
    try:
        node: Any = parse(f"{name} = 0", COMMAND_LINE)
    except ExperimentError:
        return ()
    parts: list[str] = []
    while isinstance(node, dict) and len(node) == 1:
        part, node = next(iter(node.items()))
        parts.append(part)
    return tuple(parts) if node == 0 and "\n" not in name else ()


def _value(text: str) -> dict[str, Any] | None:
    try:
        parsed = parse(f"value = {text}", COMMAND_LINE)
    except ExperimentError:
        return {"value": text} if _WORD.fullmatch(text) else None
    return parsed if set(parsed) == {"value"} else None
