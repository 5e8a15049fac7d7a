"""The settings of a run as TOML text by dotted key, as its resolved.toml has them.

The runs of a sweep say nearly the same in thousands of files, so what a table says is remembered
by its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from secantfw.experiment.keys import dotted
from secantfw.experiment.leaves import leaves
from secantfw.experiment.read import parse, read_text
from secantfw.experiment.write import value_text


def read_settings(file: Path) -> dict[str, str]:
    """Every value of a resolved experiment.

    Raises:
        ExperimentError: it cannot be read, or is not TOML.
    """
    text = read_text(file, str(file))
    tables = list(_tables(text))
    heads = {table.partition("\n")[0] for table in tables[1:]}
    if len(heads) == len(tables) - 1 and all(map(_stands_alone, tables)):
        return {key: said for table in tables for key, said in _settings_of_text(table).items()}
    return settings_of(parse(text, str(file)))


def settings_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Every value of resolved tables as TOML text, by dotted key."""
    return {dotted(key): value_text(value) for key, value in leaves(tables)}


@lru_cache(maxsize=10_000)
def _settings_of_text(table: str) -> Mapping[str, str]:
    return settings_of(parse(table, "resolved.toml"))


def _tables(text: str) -> Iterator[str]:
    """The text in front of the first head of a table, then each table with its head."""
    start = 0
    while (end := text.find("\n[", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    yield text[start:]


@lru_cache(maxsize=10_000)
def _stands_alone(table: str) -> bool:
    """Whether no value in it goes on behind its line, and it is no table of many of one name."""
    if '"""' in table or "'''" in table or table.startswith("[["):
        return False
    pairs = (("[", "]"), ("{", "}"))
    lines = table.split("\n")
    return all(line.count(a) == line.count(b) for line in lines for a, b in pairs)
