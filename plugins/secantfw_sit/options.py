"""Options of the SiT backbone and teacher. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import REQUIRED, option

#: How attention is computed. "fused" is torch's scaled_dot_product_attention; "explicit" writes
#: the softmax out: slower, but forward-mode differentiation runs through it.
Attention = Literal["fused", "explicit"]

#: How a guidance scale w is told to the student: not at all; as (w - lo) / (hi - lo); or as 0
#: whatever w is, which marks a student distilled at one fixed scale.
GuidanceEmbedding = Literal["none", "range", "constant"]

#: What the network was trained to predict; v follows from it by the path.
Prediction = Literal["velocity", "noise", "score"]
_PREDICTION = "what the network predicts; not set: as the weights say, else velocity"


@attrs.frozen
class SiTOptions:
    """The student. A size left out comes from `size`, else from the teacher's weights file."""

    size: str | None = option(None, "sizes by name: tiny, S, B, L or XL / patch, as in XL/2")
    width: int | None = option(None, "channels of a token", ge=4, limit=65_536)
    depth: int | None = option(None, "transformer blocks", ge=1, limit=1_000)
    heads: int | None = option(None, "attention heads; they divide the width", ge=1, limit=4_096)
    patch: int | None = option(
        None, "side of the square that becomes a token", unit="px", ge=1, limit=4_096
    )
    mlp_ratio: float | None = option(None, "hidden width of a block's MLP / width", gt=0)
    learn_sigma: bool | None = option(
        None, "keep SiT's second, unused half of the output channels (official weights have it)"
    )
    guidance_embedding: GuidanceEmbedding | None = option(
        None, "how the student is told its scale; not set: 'range' where [guidance] has one"
    )
    guidance_range: tuple[float, float] | None = option(
        None, "the scales [lo, hi] that 'range' maps to [0, 1]; not set: those of [guidance]"
    )
    attention: Attention = option("fused", "'explicit' for losses that need jvp, else 'fused'")
    checkpoint_activations: bool = option(
        False,
        "recompute each block in the backward pass: less memory, a third more time",
        saves_memory=True,
    )
    prediction: Prediction | None = option(None, _PREDICTION)


@attrs.frozen
class SiTTeacherOptions:
    """The teacher."""

    weights: str = option(
        REQUIRED,
        "weights file: safetensors, official .pt, or any that a plug-in reads",
        is_path=True,
    )
    attention: Attention = option(
        "fused", "as in the backbone; equal choices give equal bits", same_result=True
    )
    prediction: Prediction | None = option(None, _PREDICTION)
