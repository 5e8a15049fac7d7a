"""Strict structure: a plain table becomes an attrs record, or every reason why not is listed.

Only `bool int float str Literal tuple[X, ...] tuple[X, Y] X | None` and nested records may appear
in an options class. An int is accepted where a float is expected; nothing else converts.
"""

from __future__ import annotations

import math
import types
from collections.abc import Collection, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from secantfw.errors import nearest
from secantfw.experiment import paths
from secantfw.experiment.keys import KeyPath, did_you_mean, shown
from secantfw.experiment.scope import Scope
from secantfw.options import OptionInfo, option_info

INVALID: Any = object()  # a value that a problem has been reported for
_INT_LIMIT = 2**63  # TOML's integers are 64 bits wide; longer ones cannot even be printed


def structure(
    cls: type[Any],
    table: Mapping[str, Any],
    key: KeyPath,
    scope: Scope,
    *,
    also: Collection[str] = (),
) -> Any:
    """An instance of the attrs class, or INVALID once its problems are in `scope`.

    `also` names keys that the table may hold beside the class's own; they are suggested for
    misspelt ones.
    """
    fields = {f.name: f for f in attrs.fields(cls) if f.init}
    hints = get_type_hints(cls)
    known = [*fields, *also]
    unknown = [name for name in table if name not in known]
    for name in unknown:
        hint = renamed(name, fields.values()) or did_you_mean(name, known)
        hint = hint or "; there are none here"
        scope.add((*key, name), f"unknown option {shown(name)}{hint}")
    meant = {nearest(name, known) for name in unknown}  # misspelt, so not missing too
    values = {
        name: INVALID
        if name in meant and name not in table
        else _field(field, hints[name], table, (*key, name), scope)
        for name, field in fields.items()
    }
    if unknown or any(value is INVALID for value in values.values()):
        return INVALID
    try:
        return cls(**{fields[name].alias: value for name, value in values.items()})
    except ValueError as error:  # what the class itself forbids, such as two options together
        scope.add(key, str(error))
        return INVALID


def renamed(name: str, fields: Collection[attrs.Attribute[Any]]) -> str:
    """`; it is called 'nfe' now`, for a name that an option had formerly; `; did you mean
    'learning_rate'?`, for one that people type."""
    now = next((f.name for f in fields if option_info(f).formerly == name), None)
    if now is not None:
        return f"; it is called {now!r} now"
    meant = next((f.name for f in fields if name.lower() in option_info(f).known_as), None)
    return "" if meant is None else f"; did you mean {meant!r}?"


def convert(value: Any, hint: Any, key: KeyPath, scope: Scope) -> Any:
    """`value` as the type `hint`, or INVALID once its problems are in `scope`."""
    if isinstance(value, int) and not -_INT_LIMIT <= value < _INT_LIMIT:
        scope.add(key, "expected an integer of at most 64 bits")
        return INVALID
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return convert(value, _without_none(hint), key, scope)
    if origin is Literal:
        return _literal(value, get_args(hint), key, scope)
    if origin is tuple:
        return _tuple(value, hint, key, scope)
    if attrs.has(hint):
        if isinstance(value, Mapping):
            return structure(hint, value, key, scope)
        return _refuse(value, "a table", key, scope)
    return _scalar(value, hint, key, scope)


def type_name(hint: Any) -> str:
    """The type as a user reads it: `int`, `list of 2 float`, `'a' or 'b'`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return type_name(_without_none(hint))
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin is tuple:
        count = "" if arguments[-1] is Ellipsis else f"{len(arguments)} "
        return f"list of {count}{type_name(arguments[0])}"
    return "table" if attrs.has(hint) else str(hint.__name__)


def _field(
    field: attrs.Attribute[Any], hint: Any, table: Mapping[str, Any], key: KeyPath, scope: Scope
) -> Any:
    info = option_info(field)
    if field.name in table:
        value = convert(table[field.name], hint, key, scope)
    elif field.default is attrs.NOTHING:
        about = f": {info.help}" if info.help else ""
        scope.add(key, f"missing option {field.name!r} ({type_name(hint)}){about}")
        return INVALID
    else:
        value = _default(field)
    return value if value is INVALID else _allowed(value, info, key, scope)


def _default(field: attrs.Attribute[Any]) -> Any:
    factory = getattr(field.default, "factory", None)  # of attrs.Factory
    return field.default if factory is None else factory()


def _allowed(value: Any, info: OptionInfo, key: KeyPath, scope: Scope) -> Any:
    complaint = info.complaint(value)
    if complaint is not None:
        scope.add(key, complaint)
        return INVALID
    if not info.is_path or value is None:
        return value
    if isinstance(value, str):
        path = paths.existing(value, key, scope)
        return INVALID if path is None else path
    found = [paths.existing(text, (*key, n), scope) for n, text in enumerate(value)]
    return INVALID if None in found else tuple(found)


def _literal(value: Any, choices: tuple[Any, ...], key: KeyPath, scope: Scope) -> Any:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return value
    expected = " or ".join(map(repr, choices))
    near = did_you_mean(value, filter(_is_text, choices)) if isinstance(value, str) else ""
    hint = near if near.startswith("; did") else ""
    scope.add(key, f"expected {expected}, got {shown(value)}{hint}")
    return INVALID


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _tuple(value: Any, hint: Any, key: KeyPath, scope: Scope) -> Any:
    if not isinstance(value, list):
        return _refuse(value, f"a {type_name(hint)}", key, scope)
    elements = get_args(hint)
    if elements[-1] is Ellipsis:
        elements = (elements[0],) * len(value)
    if len(elements) != len(value):
        scope.add(key, f"expected a {type_name(hint)}, got {len(value)} values")
        return INVALID
    pairs = zip(value, elements, strict=True)
    items = tuple(convert(v, e, (*key, n), scope) for n, (v, e) in enumerate(pairs))
    return INVALID if any(item is INVALID for item in items) else items


def _scalar(value: Any, hint: Any, key: KeyPath, scope: Scope) -> Any:
    if hint is float and type(value) is int:
        return float(value)
    if hint not in (bool, int, float, str):
        raise TypeError(f"an options class declares {hint!r}, which no TOML value can be")
    if type(value) is not hint:
        return _refuse(value, hint.__name__, key, scope)
    if hint is float and not math.isfinite(value):
        scope.add(key, f"expected a finite number, got {value}")
        return INVALID
    return value


def _refuse(value: Any, expected: str, key: KeyPath, scope: Scope) -> Any:
    if isinstance(value, (dict, list)):
        got = "a table" if isinstance(value, dict) else "a list"
    else:
        got = f"{type(value).__name__} {shown(value)}"
    scope.add(key, f"expected {expected}, got {got}")
    return INVALID


def _without_none(hint: Any) -> Any:
    others = [a for a in get_args(hint) if a is not type(None)]
    if len(others) != 1:
        raise TypeError(f"an options class declares {hint!r}; only `X | None` is known")
    return others[0]
