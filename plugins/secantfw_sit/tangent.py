"""What a second time and a guidance scale add to SiT's one-time weights."""

from __future__ import annotations

from secantfw import AddedWeights

ADDED = AddedWeights(
    second_time={"s_embedder.": "t_embedder."},
    guidance="cfg_embedder.",
    guidance_out="cfg_embedder.mlp.2.",
)
