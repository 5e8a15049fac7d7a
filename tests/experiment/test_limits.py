"""Every whole number of an experiment has an upper bound, so that none fills memory or time."""

from __future__ import annotations

import typing

import attrs
import pytest

from secantfw.discovery.building import options_class
from secantfw.experiment import schema
from secantfw.load_plugins import load_plugins
from secantfw.options import option_info

TABLES = [
    cls for cls in vars(schema).values() if attrs.has(cls) and cls.__module__ == schema.__name__
]
COMPONENTS = list(load_plugins().registry.components.values())


def whole(hint: object) -> bool:
    return hint is int or any(map(whole, typing.get_args(hint)))


def unlimited(cls: type) -> list[str]:
    hints = typing.get_type_hints(cls)
    return [
        field.name
        for field in attrs.fields(cls)
        if whole(hints[field.name])
        and not (info := option_info(field)).choices
        and info.limit is None
        and info.le is None
        and info.lt is None
    ]


#: A seed costs nothing, however large.
SEEDS = {"seed", "seeds"}


@pytest.mark.parametrize("cls", TABLES, ids=lambda cls: cls.__name__)
def test_of_the_tables_of_the_core(cls):
    assert set(unlimited(cls)) <= SEEDS


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda c: f"{c.kind}:{c.full_name}")
def test_of_every_component(component):
    assert set(unlimited(options_class(component))) <= SEEDS
