"""Fault: one seeded bug in a small component, and the check that is there to catch it."""

from __future__ import annotations

import functools
from typing import Any

import attrs

from secantfw.discovery.component import Component, Kind
from secantfw.load_plugins import load_plugins
from secantfw.testing import Subject, subject_of


@attrs.frozen
class Fault:
    """`caught_by` names a check; empty for a bug that the kit cannot see, and `why` says so."""

    kind: Kind
    target: str  # module:Class
    title: str
    caught_by: str = ""
    why: str = ""
    options: str = "plain_options:NoOptions"
    table: Any = attrs.field(factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"

    def subject(self) -> Subject:
        component = Component(
            self.kind, "faults", "faulty", self.target, self.options, self.title, (), ()
        )
        return subject_of(component, _Lookup(component), self.table)


class _Lookup:
    """The installed plug-ins' registry, which knows the faulty component too."""

    def __init__(self, component: Component) -> None:
        self._component = component

    def find(self, kind: str, name: str) -> Component:
        return (
            self._component if name == self._component.full_name else _installed().find(kind, name)
        )

    def of_kind(self, kind: str) -> list[Component]:
        return _installed().of_kind(kind)

    def find_asset(self, name: str):
        return _installed().find_asset(name)


@functools.cache
def _installed():
    return load_plugins().registry


def faults_of(kind: Kind, module: str, *rows: tuple[str, str, str], options: str = ""):
    """Rows of (class, title, the check that catches it)."""
    more = {"options": options} if options else {}
    return tuple(Fault(kind, f"{module}:{name}", title, by, **more) for name, title, by in rows)
