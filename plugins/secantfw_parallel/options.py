"""Options of the engines. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import option


@attrs.frozen
class NoOptions:
    """Of an engine that leaves nothing to choose."""


@attrs.frozen
class FsdpOptions:
    """Of fully sharded training."""

    shard: Literal["blocks", "whole"] = option(
        "blocks",
        "gather each block of a network when it is evaluated, which takes the least memory, or "
        "the whole once a step, as losses that need exact derivatives do anyway",
    )
