"""The feature network for 16x16 grey pictures: a small classifier whose last hidden layer is kept.

    (n, 1, 16, 16) -> conv 32, conv 32, /2 -> conv 64, conv 64, /2 -> 1024 -> 64 features -> 10

Group normalisation instead of batch normalisation: the features of a picture do not depend on its
batch and there are no running statistics to store.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

FEATURES = 64
CLASSES = 10


def _conv(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.GroupNorm(8, channels_out),
        nn.SiLU(),
    ]


class SmallCnn(nn.Module):
    """131,434 parameters. Trained by `python -m secantfw_fid.train_features`.

    `deviation` (64,) is each hidden unit's standard deviation over the training pictures. Features
    are divided by it, so that no unit counts more because training happened to make it large.
    """

    deviation: Tensor

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_conv(1, 32),
            *_conv(32, 32),
            nn.AvgPool2d(2),
            *_conv(32, 64),
            *_conv(64, 64),
            nn.AvgPool2d(2),
            nn.Flatten(),
        )
        self.hidden = nn.Linear(1024, FEATURES)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(FEATURES, CLASSES)
        self.register_buffer("deviation", torch.ones(FEATURES))

    def features(self, x: Tensor) -> Tensor:
        """(n, 1, 16, 16) in [-1, 1] -> (n, 64), each of variance 1 over the training pictures.

        Taken before the nonlinearity, where they are closest to Gaussian."""
        hidden: Tensor = self.hidden(self.body(x))
        return hidden / self.deviation

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, 16, 16) -> logits (n, 10)."""
        logits: Tensor = self.classify(self.dropout(silu(self.hidden(self.body(x)))))
        return logits
