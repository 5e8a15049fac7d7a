"""The numbers that fix an EDM network's shape, and the published ones by name. Imports no torch.

Field names are the official constructor arguments of SongUNet and DhariwalUNet, so that what a
checkpoint records is understood as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from secantfw import DataSpec, UserError

ModelType = Literal["SongUNet", "DhariwalUNet"]
Embedding = Literal["positional", "fourier"]
Encoder = Literal["standard", "skip", "residual"]
Decoder = Literal["standard", "skip"]


@attrs.frozen
class Architecture:
    """One U-Net. SongUNet is DDPM++ or NCSN++ (arXiv:2011.13456), DhariwalUNet is ADM
    (arXiv:2105.05233), which has none of the last five fields."""

    model_type: ModelType
    model_channels: int
    channel_mult: tuple[int, ...]
    num_blocks: int
    attn_resolutions: tuple[int, ...]
    channel_mult_emb: int = 4
    dropout: float = 0.1
    label_dropout: float = 0.0
    augment_dim: int = 0
    embedding_type: Embedding = "positional"
    channel_mult_noise: int = 1
    encoder_type: Encoder = "standard"
    decoder_type: Decoder = "standard"
    resample_filter: tuple[int, ...] = (1, 1)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Architecture:
        """What `said` leaves open has the default of the official class.

        Args:
            said: official constructor arguments; others are ignored.

        Raises:
            UserError: no network of that name.
        """
        model_type = said.get("model_type", "SongUNet")
        if model_type not in _CLASS_DEFAULTS:
            known = ", ".join(_CLASS_DEFAULTS)
            raise UserError(f"edm: model_type {model_type!r} is not known; expected {known}")
        names = {field.name for field in attrs.fields(cls)}
        given = {key: _tuple(value) for key, value in said.items() if key in names}
        return cls(**{**_CLASS_DEFAULTS[model_type], **given, "model_type": model_type})

    def check(self, spec: DataSpec) -> None:
        """Refuse data or sizes that do not divide, naming the numbers."""
        shape, levels = spec.shape, len(self.channel_mult)
        if len(shape) != 3 or shape[1] != shape[2]:
            raise UserError(f"edm: needs square images (C, H, W), got data of shape {shape}")
        if shape[1] % 2 ** (levels - 1):
            raise UserError(
                f"edm: image size {shape[1]} cannot be halved {levels - 1} times, "
                f"which channel_mult {list(self.channel_mult)} asks for"
            )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_CLASS_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "SongUNet": {
        "model_channels": 128,
        "channel_mult": (1, 2, 2, 2),
        "num_blocks": 4,
        "attn_resolutions": (16,),
    },
    "DhariwalUNet": {
        "model_channels": 192,
        "channel_mult": (1, 2, 3, 4),
        "num_blocks": 3,
        "attn_resolutions": (32, 16, 8),
    },
}

_DDPMPP = {"model_type": "SongUNet"}
_NCSNPP = {
    "model_type": "SongUNet",
    "embedding_type": "fourier",
    "channel_mult_noise": 2,
    "encoder_type": "residual",
    "resample_filter": (1, 3, 3, 1),
}
_CIFAR10 = {"channel_mult": (2, 2, 2), "dropout": 0.13, "augment_dim": 9}
_FFHQ = {"channel_mult": (1, 2, 2, 2), "dropout": 0.05, "augment_dim": 9}
_AFHQ = {**_FFHQ, "dropout": 0.25}

#: The published networks. vp is DDPM++, ve is NCSN++, adm is ADM: the names of the checkpoints,
#: all of which have EDM's own preconditioning. `tiny` is for 16x16 pictures on a CPU.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "tiny": {
        **_DDPMPP,
        "model_channels": 32,
        "channel_mult": (1, 1, 2),
        "num_blocks": 1,
        "attn_resolutions": (8,),
        "dropout": 0.0,
    },
    "cifar10-vp": {**_DDPMPP, **_CIFAR10},
    "cifar10-ve": {**_NCSNPP, **_CIFAR10},
    "ffhq-vp": {**_DDPMPP, **_FFHQ},
    "ffhq-ve": {**_NCSNPP, **_FFHQ},
    "afhqv2-vp": {**_DDPMPP, **_AFHQ},
    "afhqv2-ve": {**_NCSNPP, **_AFHQ},
    "imagenet64-adm": {"model_type": "DhariwalUNet"},
}
