"""Options of the Huber loss. Imports no torch."""

from __future__ import annotations

import attrs

from secantfw import option


@attrs.frozen
class HuberOptions:
    delta: float = option(0.1, "where the norm turns from square to linear", unit="data std", gt=0)
