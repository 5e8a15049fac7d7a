"""The values of an experiment by key, to compare two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from secantfw.experiment.keys import KeyPath


def leaves(table: Mapping[str, Any], key: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every value of nested tables with its key; an array is one value."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*key, name))
        else:
            yield (*key, name), value
