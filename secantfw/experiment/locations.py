"""File locations: every place where an experiment names a file or folder.

An option says by `option(..., is_path=True)` that it is one, whoever's option it is. A location
may change while an experiment stays what it is; what the file holds may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from secantfw.experiment.experiment import Chosen, Experiment
from secantfw.experiment.keys import KeyPath, dotted
from secantfw.options import option_info


@attrs.frozen
class Location:
    """The files that one option names."""

    key: KeyPath
    places: tuple[str, ...]  # absolute; several for an option that is a list
    is_data: bool  # they hold the items of the data set, which say better what is in them

    @property
    def name(self) -> str:
        """`metrics.use[0].weights`, as an override spells it."""
        return dotted(self.key)


def locations(experiment: Experiment) -> Iterator[Location]:
    """All locations that are set, in the order of the resolved file."""
    for key, record in _records(experiment):
        yield from _of_record(record, key)


def is_location(experiment: Experiment, name: str) -> bool:
    """Whether the option called `name` is a location, set or not."""
    return any(
        dotted((*here, field.name)) == name and option_info(field).is_path
        for key, record in _records(experiment)
        for here, inner in _nested(record, key)
        for field in attrs.fields(type(inner))
    )


def _records(experiment: Experiment) -> Iterator[tuple[KeyPath, Any]]:
    """Every record of options, with the key of its table."""
    yield (), experiment.head
    yield ("backbone",), experiment.backbone_keys
    for field in attrs.fields(Experiment):
        value = getattr(experiment, field.name)
        if isinstance(value, Chosen) and field.name != "teacher_solver":
            yield (field.name,), value.options
    yield ("train", "teacher_solver"), experiment.teacher_solver.options
    for n, solver in enumerate(experiment.evaluate.solvers):
        yield ("evaluate", "solvers", n), solver.options
    yield ("evaluate", "reference_solver"), experiment.evaluate.reference.options
    for n, metric in enumerate(experiment.metrics):
        yield ("metrics", "use", n), metric.options


def _of_record(record: Any, key: KeyPath) -> Iterator[Location]:
    for here, inner in _nested(record, key):
        for field in attrs.fields(type(inner)):
            info, value = option_info(field), getattr(inner, field.name)
            if info.is_path and value is not None:
                places = (value,) if isinstance(value, str) else tuple(value)
                if places:
                    yield Location((*here, field.name), places, info.is_data)


def _nested(record: Any, key: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """The record, and the records that are values of its options."""
    yield key, record
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        values = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for n, one in values:
            if attrs.has(type(one)):
                part = (field.name,) if n is None else (field.name, n)
                yield from _nested(one, (*key, *part))
