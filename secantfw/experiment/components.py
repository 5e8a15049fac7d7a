"""A component's table, `use` and its options, becomes a `Chosen`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import attrs

from secantfw.discovery.building import options_class
from secantfw.discovery.component import Component, Kind
from secantfw.discovery.registry import Registry
from secantfw.errors import ExperimentError, UserError
from secantfw.experiment.document import Document
from secantfw.experiment.experiment import Chosen
from secantfw.experiment.keys import KeyPath
from secantfw.experiment.layer import Layer
from secantfw.experiment.scope import Scope
from secantfw.experiment.structure import INVALID, structure

USE = "use"


def choose(
    kind: Kind, said: Any, key: KeyPath, scope: Scope, *, also: Collection[str] = ()
) -> Chosen | None:
    """The component that `said`, a name or a table, names; None once its problems are listed.

    `also` names keys of the table that are not the component's options.
    """
    table = {USE: said} if isinstance(said, str) else said
    if not isinstance(table, Mapping):
        scope.add(key, f'expected a table such as {{ use = "{_example(kind, scope)}" }}')
        return None
    component = _named(kind, table.get(USE), key if table is not said else (*key, USE), scope)
    if component is None:
        return None
    rest = {name: value for name, value in table.items() if name != USE and name not in also}
    options = _options(component, rest, key, scope, also)
    return None if options is INVALID else Chosen(component, options)


def choose_all(
    kind: Kind, said: Any, key: KeyPath, scope: Scope, *, named: Chosen | None = None
) -> tuple[Chosen, ...]:
    """The components of a list of names or tables; those without problems.

    A bare name of the component of `named` is `named`, with its options.
    """
    if not isinstance(said, list):
        scope.add(key, f"expected a list of {kind}s, names or tables with a key 'use'")
        return ()
    chosen = [(one, choose(kind, one, (*key, n), scope)) for n, one in enumerate(said)]
    return tuple(_or_named(one, c, named) for one, c in chosen if c is not None)


def _or_named(said: Any, chosen: Chosen, named: Chosen | None) -> Chosen:
    if named is None or not isinstance(said, str) or named.component is not chosen.component:
        return chosen
    return named


def choose_from(registry: Registry, kind: Kind, table: Mapping[str, Any]) -> Chosen:
    """The component that a table of TOML values names outside an experiment file.

    Raises:
        ExperimentError: no such component, or options that it does not take.
    """
    tables: dict[str, Any] = {kind: table}
    layer = Layer("options", None, Path.cwd(), "", tables)
    scope = Scope(Document(tables, {}, layer), registry)
    chosen = choose(kind, table, (kind,), scope)
    if chosen is None:
        raise ExperimentError(scope.problems)
    return chosen


def _named(kind: Kind, name: Any, key: KeyPath, scope: Scope) -> Component | None:
    if name is None:
        known = ", ".join(dict.fromkeys(c.name for c in scope.registry.of_kind(kind)))
        scope.add(key, f"missing 'use', the name of a {kind}; known: {known}")
    elif not isinstance(name, str):
        scope.add(key, f"expected the name of a {kind}")
    else:
        try:
            return scope.registry.find(kind, name)
        except UserError as error:
            scope.add(key, str(error))
    return None


def _options(
    component: Component,
    table: Mapping[str, Any],
    key: KeyPath,
    scope: Scope,
    also: Collection[str],
) -> Any:
    try:
        cls = options_class(component)
        reserved = {USE, *also} & set(attrs.fields_dict(cls))
        if reserved:
            raise TypeError(f"an option cannot be called {min(reserved)!r}")
        return structure(cls, table, key, scope, also=also)
    except UserError as error:
        scope.add(key, str(error))
    except (TypeError, NameError) as error:  # a type that TOML cannot hold, or that is not there
        scope.add(
            key, f"the options of {component.kind} {component.full_name} are broken: {error}"
        )
    return INVALID


def _example(kind: Kind, scope: Scope) -> str:
    known = scope.registry.of_kind(kind)
    return known[0].name if known else "NAME"
