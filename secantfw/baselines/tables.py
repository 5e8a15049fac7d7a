"""A solver as the TOML table that an experiment would name it by. Imports no torch."""

from __future__ import annotations

from typing import Any

import attrs

from secantfw.experiment.experiment import Chosen
from secantfw.sampling.solver_text import changed_options


def solver_table(chosen: Chosen) -> dict[str, Any]:
    """`{use = "solvers:midpoint", spacing = "logit_normal", mean = -0.1}`: no defaults."""
    changed = changed_options(chosen.options)
    return {"use": chosen.full_name, **{key: _value(value) for key, value in changed.items()}}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    return attrs.asdict(value) if attrs.has(type(value)) else value
