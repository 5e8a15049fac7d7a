"""The numbers that fix an EDM network's shape, and the published ones by name. Imports no torch.

Field names are the official constructor arguments of SongUNet and DhariwalUNet, so that what a
checkpoint records is understood as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

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

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self, recurse=False).items():
            check_value(name, value)
        if self.num_blocks * len(self.channel_mult) > _MOST_BLOCKS:
            raise UserError(f"edm: more than {_MOST_BLOCKS:,} blocks")

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Architecture:
        """What `said` leaves open has the default of the official class.

        Args:
            said: official constructor arguments; others are ignored.

        Raises:
            UserError: no network of that name, or values that no network has.
        """
        model_type = said.get("model_type", "SongUNet")
        check_value("model_type", model_type)
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


def check_value(name: str, value: object) -> None:
    """Refuse what no network has. Options are checked elsewhere; what a file says is not.

    Raises:
        UserError: another type than the field's, or a number out of range.
    """
    low, high = _RANGES.get(name, (1, _MOST))
    if name in _WORDS:
        words = get_args(_WORDS[name])
        good, expected = value in words, " or ".join(words)
    elif isinstance(high, float):
        good = isinstance(value, (int, float)) and low <= value <= high
        expected = f"a number from {low:g} to {high:g}"
    elif name in _LISTS:
        least = 0 if name == "attn_resolutions" else 1
        good = isinstance(value, tuple) and least <= len(value) <= _LONGEST
        good = good and all(type(n) is int and low <= n <= high for n in value)  # type: ignore
        expected = f"{least} to {_LONGEST} whole numbers from {low} to {high}"
    else:
        good = type(value) is int and low <= value <= high
        expected = f"a whole number from {low} to {high}"
    if not good:
        raise UserError(f"edm: {name} = {ascii(value)[:40]}, expected {expected}")


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_WORDS: Mapping[str, Any] = {
    "model_type": ModelType,
    "embedding_type": Embedding,
    "encoder_type": Encoder,
    "decoder_type": Decoder,
}
_LISTS = ("channel_mult", "attn_resolutions", "resample_filter")
_MOST, _LONGEST, _MOST_BLOCKS = 1 << 16, 64, 1024
#: Where not (1, _MOST); an upper bound that is a float allows floats.
_RANGES: Mapping[str, tuple[float, float]] = {
    "dropout": (0, 1.0),
    "label_dropout": (0, 1.0),
    "augment_dim": (0, _MOST),
    "sigma_data": (1e-12, 1e12),
    "sigma_min": (1e-12, 1e12),
    "sigma_max": (1e-12, 1e12),
}

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
