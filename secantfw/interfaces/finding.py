"""What a plug-in needs of the machine, as `secantfw doctor` says it."""

from __future__ import annotations

from typing import Literal

import attrs


@attrs.frozen
class Finding:
    """One thing a plug-in needs of the machine."""

    level: Literal["ok", "note", "problem"]
    what: str
    hint: str = ""
