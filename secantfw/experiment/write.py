"""The resolved experiment as TOML that can be run again: full names, every option spelt out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import tomlkit
from tomlkit.items import Item, Table

from secantfw.experiment.document import Document
from secantfw.experiment.experiment import Chosen, Experiment
from secantfw.experiment.keys import KeyPath
from secantfw.experiment.paths import as_written
from secantfw.options import option_info


def plain(experiment: Experiment, document: Document) -> dict[str, Any]:
    """The complete tables of an experiment; options that are None are left out."""
    evaluate = experiment.evaluate
    tables: dict[str, Any] = _options(experiment.head, (), document)
    for kind in ("dataset", "augmentation", "path", "backbone", "teacher"):
        tables[kind] = _chosen(getattr(experiment, kind), (kind,), document)
    keys = _options(experiment.backbone_keys, ("backbone",), document)
    tables["backbone"] = {**keys, **tables["backbone"]}
    tables["backbone"] = {"use": experiment.backbone.full_name, **tables["backbone"]}
    tables["guidance"] = _options(experiment.guidance, ("guidance",), document)
    for kind in ("loss", "time_sampler", "solver"):
        tables[kind] = _chosen(getattr(experiment, kind), (kind,), document)
    tables["train"] = _options(experiment.train, ("train",), document)
    solver = _list([experiment.teacher_solver], ("train",), document)
    (tables["train"]["teacher_solver"],) = solver
    tables["engine"] = _chosen(experiment.engine, ("engine",), document)
    tables["ema"] = _options(experiment.ema, ("ema",), document)
    tables["evaluate"] = _options(evaluate.keys, ("evaluate",), document)
    solvers = _list(evaluate.solvers, ("evaluate", "solvers"), document)
    tables["evaluate"]["solvers"] = solvers
    reference = _list([evaluate.reference], ("evaluate",), document)
    (tables["evaluate"]["reference_solver"],) = reference
    tables["metrics"] = {"use": _list(experiment.metrics, ("metrics", "use"), document)}
    return {name: table for name, table in tables.items() if table is not None}


def to_toml(tables: Mapping[str, Any], origin: Callable[[KeyPath], str] | None) -> str:
    """TOML text of plain tables; `origin` gives the comment behind each value."""
    document = tomlkit.document()
    for name, value in tables.items():
        document.add(name, _item(value, (name,), origin))
    return tomlkit.dumps(document)


def value_text(value: Any) -> str:
    """One value as it would stand in the file."""
    return _item(value, (), None).as_string()


def _chosen(chosen: Chosen | None, key: KeyPath, document: Document) -> dict[str, Any] | None:
    if chosen is None:
        return None
    return {"use": chosen.full_name, **_options(chosen.options, key, document)}


def _list(chosen: Sequence[Chosen], key: KeyPath, document: Document) -> list[Any]:
    """Components by name where they have no options to say, else as tables."""
    tables = [_chosen(one, (*key, n), document) or {} for n, one in enumerate(chosen)]
    return [table["use"] if len(table) == 1 else table for table in tables]


def _options(record: Any, key: KeyPath, document: Document) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name) if field.init else None
        if value is not None:
            here = (*key, field.name)
            text = document.value(here, field.default)
            said[field.name] = _value(value, text, option_info(field).is_path, here, document)
    return said


def _value(value: Any, text: Any, is_path: bool, key: KeyPath, document: Document) -> Any:
    """`value` as TOML has it; `text` is what the file, or the default, says for a path."""
    if isinstance(value, tuple):
        texts = list(text) if isinstance(text, (list, tuple)) else [None] * len(value)
        items = enumerate(zip(value, texts, strict=True))
        return [_value(v, t, is_path, (*key, n), document) for n, (v, t) in items]
    if attrs.has(type(value)):
        return _options(value, key, document)
    return as_written(text, value) if is_path else value


def _item(value: Any, key: KeyPath, origin: Callable[[KeyPath], str] | None) -> Item:
    if isinstance(value, Mapping):
        table: Table = tomlkit.table()
        for name, child in value.items():
            table.add(name, _item(child, (*key, name), origin))
        return table
    item = _array(value) if isinstance(value, list) else tomlkit.item(value)
    if origin is not None:
        item.comment(origin(key))
    return item


def _array(values: Sequence[Any]) -> Item:
    array = tomlkit.array()
    for value in values:
        if isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update(value)
            array.append(inline)
        else:
            array.append(value)
    return array
