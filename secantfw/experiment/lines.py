"""The line of every key of a TOML text; looked up only for messages and origins."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import tomli

from secantfw.experiment.keys import KeyPath
from secantfw.experiment.statements import statements


def line_of(text: str, key: KeyPath) -> int:
    """The line of `key`, or of the nearest table around it that the text names; else 1."""
    lines = _lines(text)
    return next((lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in lines), 1)


@functools.lru_cache(maxsize=32)
def _lines(text: str) -> Mapping[KeyPath, int]:
    """Each statement is parsed on its own, which is linear in the length of the text."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}  # of each array of tables: its elements so far
    table: KeyPath = ()
    for statement in statements(text):
        try:
            parsed = tomli.loads(statement.text)
        except (ValueError, RecursionError):
            continue
        if statement.text.lstrip().startswith("["):
            table = _header_key(parsed, counts)
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], statement.line)
        else:
            for key in _walk(parsed):
                lines.setdefault(table + key, statement.line)
    return lines


def _header_key(parsed: dict[str, Any], counts: dict[KeyPath, int]) -> KeyPath:
    """The key path that `[a.b]` or `[[a.b]]` opens, with the indices of arrays of tables."""
    key: KeyPath = ()
    node: Any = parsed
    while isinstance(node, dict) and node:
        name, node = next(iter(node.items()))
        key = (*key, name)
        if isinstance(node, list):
            counts[key] = counts.get(key, 0) + 1
        if key in counts:
            key = (*key, counts[key] - 1)
    return key


def _walk(node: Any, key: KeyPath = ()) -> Iterator[KeyPath]:
    """Every key path in parsed TOML, tables and array elements included."""
    if key:
        yield key
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _walk(child, (*key, name))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _walk(child, (*key, index))
