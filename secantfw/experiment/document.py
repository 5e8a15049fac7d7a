"""Document: all layers laid over one another, each key remembering where it came from.

Tables merge and arrays replace; of an array the command line may also name one element. A
component's table whose `use` differs from the one beneath replaces it whole, so that no option of
another loss survives; and where a table says one thing by one of two keys, the key above takes the
place of the other one beneath.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from secantfw.discovery.registry import KINDS
from secantfw.errors import ExperimentError, Problem
from secantfw.experiment.extends import KEY as EXTENDS
from secantfw.experiment.keys import KeyPath, dotted
from secantfw.experiment.layer import COMMAND_LINE, Element, Layer

DEFAULT = "default"
#: Keys that take the place of others in their table.
_INSTEAD_OF: Mapping[KeyPath, tuple[str, ...]] = {
    ("ema", "decay"): ("halflife_images", "rampup_ratio"),
    ("ema", "halflife_images"): ("decay",),
}
#: Keys of the file itself, which its children do not inherit.
_OWN_KEYS = (EXTENDS, "name")


@attrs.frozen(eq=False)
class Document:
    """The merged plain tables. `owners` knows the layer of each key, an array being one key."""

    tables: Mapping[str, Any]
    owners: Mapping[KeyPath, Layer]
    main: Layer  # the file that was asked for

    def owner(self, key: KeyPath) -> Layer:
        """The layer that names `key`, or else the last file that names a table around it."""
        for prefix in (key[:n] for n in range(len(key), 0, -1)):
            layer = self.owners.get(prefix, self.main)
            inside = prefix == key or not isinstance(self.value(prefix), Mapping)
            if prefix in self.owners and (inside or layer.file is not None):
                return layer
        return self.main

    def problem(self, key: KeyPath, what: str) -> Problem:
        return self.owner(key).problem(key, " ".join(what.splitlines()))

    def located(self, problem: Problem) -> Problem:
        """The same problem with the file and line of its key, where it has none."""
        if problem.file:
            return problem
        key = next((k for k in self.owners if dotted(k) == problem.key), None)
        if key is None:  # an option left at its default: its table stands for it
            key = tuple(problem.key.split("."))[:-1]
        place = self.problem(key, problem.what)
        return attrs.evolve(place, key=problem.key, warning=problem.warning)

    def origin(self, key: KeyPath) -> str:
        """`base/fashion16.toml:3` (from the main file's folder), `command line` or `default`."""
        if key not in self.owners:
            return DEFAULT
        layer = self.owners[key]
        if layer.file is None:
            return COMMAND_LINE
        return f"{os.path.relpath(layer.file, self.main.folder)}:{layer.line(key)}"

    @property
    def origins(self) -> dict[str, str]:
        """The origin of every value that some layer names, by dotted key."""
        leaves = (key for key in self.owners if not isinstance(self.value(key), Mapping))
        return {dotted(key): self.origin(key) for key in leaves}

    def value(self, key: KeyPath, default: Any = None) -> Any:
        """What the document holds at `key`; `default` if nothing."""
        node: Any = self.tables
        for part in key:
            inside = isinstance(node, Mapping) and part in node
            if not inside and not (isinstance(node, list) and isinstance(part, int)):
                return default
            node = node[part]
        return node


def merge(layers: Sequence[Layer], command_line: Layer) -> Document:
    """Lay the files over one another in order, then the command line."""
    main = layers[-1]
    tables: dict[str, Any] = {}
    owners: dict[KeyPath, Layer] = {}
    for layer in (*layers, command_line):
        said = {
            name: value
            for name, value in layer.tables.items()
            if name != EXTENDS and (name not in _OWN_KEYS or layer in (main, command_line))
        }
        _lay(said, (), tables, owners, layer)
    for element in command_line.elements:
        _lay_element(element, tables)
        owners[element.key] = command_line
    return Document(tables, owners, main)


def _lay(
    above: Mapping[str, Any],
    key: KeyPath,
    below: dict[str, Any],
    owners: dict[KeyPath, Layer],
    layer: Layer,
) -> None:
    for name, value in above.items():
        here = (*key, name)
        beneath = below.get(name)
        if (
            isinstance(value, dict)
            and isinstance(beneath, dict)
            and not _replaces(here, value, beneath)
        ):
            if layer.file is not None:  # a table's line is better than "command line"
                owners[here] = layer
            _clear(here, value, beneath, owners)
            _lay(value, here, beneath, owners, layer)
            continue
        _forget(here, owners)
        owners[here] = layer
        below[name] = value
        if isinstance(value, dict):
            below[name] = {}
            _lay(value, here, below[name], owners, layer)


def _lay_element(said: Element, tables: dict[str, Any]) -> None:
    """Change one element of an array.

    Raises:
        ExperimentError: the files say no such array, or it is shorter.
    """
    *path, name = said.array
    table: Any = tables
    for part in path:
        table = table.get(part) if isinstance(table, dict) else None
    array = table.get(name) if isinstance(table, dict) else None
    if not isinstance(array, list) or said.index >= len(array):
        held = f"has {len(array)}" if isinstance(array, list) else "is no list that a file gives"
        what = f"no such element; {dotted(said.array)} {held}"
        raise ExperimentError([Problem(what, dotted(said.key), COMMAND_LINE)])
    array = [*array]  # the layer keeps its own
    array[said.index] = _with_option(array[said.index], said.rest, said.value)
    table[name] = array


def _with_option(element: Any, key: tuple[str, ...], value: Any) -> Any:
    """The element, a table or the name of a component, with the option at `key` set."""
    if not key:
        return value
    table = {**element} if isinstance(element, Mapping) else {"use": element}
    table[key[0]] = _with_option(table.get(key[0], {}), key[1:], value)
    return table


def _clear(
    table: KeyPath, above: Mapping[str, Any], below: dict[str, Any], owners: dict[KeyPath, Layer]
) -> None:
    """Take out of `below` what a key of `above` stands instead of."""
    for name in above:
        for other in _INSTEAD_OF.get((*table, name), ()):
            if below.pop(other, None) is not None:
                _forget((*table, other), owners)


def _replaces(key: KeyPath, above: Mapping[str, Any], beneath: Mapping[str, Any]) -> bool:
    """Whether a component's table names another component than the one beneath."""
    one, other = above.get("use"), beneath.get("use")
    if len(key) != 1 or key[0] not in KINDS or not isinstance(one, str):
        return False
    # `sdei` and `picard:sdei` are one component, said with and without its plug-in
    return isinstance(other, str) and one != other and not _qualifies(one, other)


def _qualifies(one: str, other: str) -> bool:
    return one.endswith(f":{other}") or other.endswith(f":{one}")


def _forget(key: KeyPath, owners: dict[KeyPath, Layer]) -> None:
    inside: Iterable[KeyPath] = [k for k in owners if k[: len(key)] == key]
    for k in inside:
        del owners[k]
