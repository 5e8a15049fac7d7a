"""What tells apart the rows of a solver that stands twice with different options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs

from secantfw.experiment.experiment import Chosen

#: What a file name may not hold, on some system or other; labels name rows and their pictures.
_UNFIT = re.compile(r"[^\w.+=, -]+")


def solver_labels(solvers: Sequence[Chosen]) -> list[str]:
    """A text for each solver: the options in which those of its name differ, `spacing=rho`.

    Empty for a solver that stands alone. Two that differ in nothing have equal labels.
    """
    names = [chosen.full_name for chosen in solvers]
    said = [_texts(chosen.options) for chosen in solvers]
    return [
        _label(said[n], [said[k] for k, other in enumerate(names) if other == name])
        for n, name in enumerate(names)
    ]


def _label(own: dict[str, str], alike: Sequence[dict[str, str]]) -> str:
    differing = [key for key, value in own.items() if any(o.get(key) != value for o in alike)]
    return _UNFIT.sub("_", " ".join(f"{key}={own[key]}" for key in differing))


def _texts(options: Any, before: str = "") -> dict[str, str]:
    """The options as text, those of a nested class by `outer.inner`."""
    found: dict[str, str] = {}
    for field in attrs.fields(type(options)):
        value, name = getattr(options, field.name), f"{before}{field.name}"
        if attrs.has(type(value)):
            found |= _texts(value, f"{name}.")
        else:
            found[name] = _text(value)
    return found


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
