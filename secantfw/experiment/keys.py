"""Key paths: where a value stands in an experiment, `("loss", "draws")` or `("cite", 0)`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, time
from typing import Any, TypeAlias

from secantfw.errors import nearest

KeyPath: TypeAlias = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60


def dotted(key: KeyPath) -> str:
    """`evaluate.solvers[1].use`, as a user would write it; odd key names are quoted."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else shorten(json.dumps(part))
            text += f".{name}" if text else name
    return text


def shown(value: Any) -> str:
    """A value in a message: on one line and never long. Integers are known to fit 64 bits."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return shorten(str(value) if isinstance(value, (date, time)) else repr(value))


def shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'steps'?`, or all that is known where nothing is near."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f"; did you mean {near!r}?"
    return f"; known: {', '.join(names)}" if names else ""
