"""A solver's options as text: what tells its rows from those of others. Imports no torch."""

from __future__ import annotations

from typing import Any

import attrs

from secantfw.sampling.grid_options import GridOptions


def solver_text(options: Any) -> str:
    """The options that differ from their defaults: "order=3 logit_normal (mean -0.1, std 1)".

    A grid is given by its spacing and what that reads; the uniform one is not mentioned.
    """
    changed = changed_options(options)
    if not isinstance(options, GridOptions):
        return _listed(changed)
    of_grid = {f.name for f in attrs.fields(GridOptions)}
    own = _listed({key: value for key, value in changed.items() if key not in of_grid})
    grid = "" if options.spacing == "uniform" else options.grid_text()
    return f"{own} {grid}".strip()


def changed_options(options: Any) -> dict[str, Any]:
    """The options of an attrs class that differ from their defaults, in order."""
    fields = attrs.fields(type(options))
    values = {f.name: (getattr(options, f.name), f.default) for f in fields if f.init}
    return {name: value for name, (value, default) in values.items() if value != default}


def _listed(values: dict[str, Any]) -> str:
    return " ".join(f"{key}={_text(value)}" for key, value in values.items())


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    if attrs.has(type(value)):
        return f"({solver_text(value)})"
    return f"{value:g}" if isinstance(value, float) else str(value)
