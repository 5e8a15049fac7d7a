"""The guidance scale that a student is told."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import silu

from secantfw_edm.embeddings import PositionalEmbedding

_SINUSOID = 64


class GuidanceEmbedding(nn.Module):
    """(B,) numbers -> (B, channels):  Linear(silu(Linear(sinusoid))). The last layer starts as
    zero, so that a scale has no effect before it is trained."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.sinusoid = PositionalEmbedding(_SINUSOID, endpoint=True)
        self.layer0 = nn.Linear(_SINUSOID, channels)
        self.layer1 = nn.Linear(channels, channels)

    def forward(self, scale: Tensor) -> Tensor:
        out: Tensor = self.layer1(silu(self.layer0(self.sinusoid(scale))))
        return out
