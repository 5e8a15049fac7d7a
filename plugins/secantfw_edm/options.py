"""Options of the EDM plug-in. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import REQUIRED, option
from secantfw_edm.architecture import Decoder, Embedding, Encoder, ModelType

#: How attention is computed. "fused" is torch's scaled_dot_product_attention; "explicit" writes
#: the softmax out: slower, but forward-mode differentiation runs through it.
Attention = Literal["fused", "explicit"]

#: What c_skip, c_out, c_in and c_noise are: EDM's own, or those of the three older families.
PreconditioningName = Literal["edm", "vp", "ve", "iddpm"]

#: How f is made of the network's output: along straight lines in the path's time, or along the
#: arcs on which noise and data turn into each other.
Parameterisation = Literal["linear", "rotated"]

#: How a guidance scale w is told to the student: not at all, or as (w - lo) / (hi - lo).
GuidanceEmbeddingName = Literal["none", "range"]


@attrs.frozen
class EDMOptions:
    """The student. A size left out comes from `preset`, else from the teacher's weights file."""

    preset: str | None = option(None, "a published network by name, such as cifar10-vp, or tiny")
    model_type: ModelType | None = option(None, "SongUNet: DDPM++ and NCSN++; DhariwalUNet: ADM")
    model_channels: int | None = option(
        None, "channels of the finest level / its mult", ge=4, limit=65_536
    )
    channel_mult: tuple[int, ...] | None = option(
        None,
        "channels of each level, finest first, / model_channels",
        ge=1,
        nonempty=True,
        limit=1_024,
    )
    channel_mult_emb: int | None = option(
        None, "length of the embedding / channels", ge=1, limit=1_024
    )
    num_blocks: int | None = option(None, "residual blocks a level", ge=1, limit=1_000)
    attn_resolutions: tuple[int, ...] | None = option(
        None, "levels with self-attention", unit="px", ge=1, limit=65_536
    )
    dropout: float | None = option(
        None, "in every block, where a gradient flows; targets are made without", ge=0, lt=1
    )
    label_dropout: float | None = option(
        None, "labels dropped in the network; better is [guidance] label_dropout", ge=0, le=1
    )
    augment_dim: int | None = option(
        None,
        "length of the augmentation's label; 0: the network is not told",
        ge=0,
        limit=65_536,
    )
    embedding_type: Embedding | None = option(None, "of noise levels; fourier in NCSN++")
    channel_mult_noise: int | None = option(None, "length of that / channels", ge=1, limit=1_024)
    encoder_type: Encoder | None = option(None, "residual in NCSN++, else standard")
    decoder_type: Decoder | None = option(None, "skip adds the levels' outputs up")
    resample_filter: tuple[int, ...] | None = option(
        None,
        "taps of the filter that resamples; 1, 3, 3, 1 in NCSN++",
        nonempty=True,
        limit=1_000_000,
    )
    preconditioning: PreconditioningName | None = option(
        None, "what the network's output means; not set: as in the weights, else edm"
    )
    sigma_data: float | None = option(
        None, "standard deviation of the data; not set: as in the weights, else 0.5", gt=0
    )
    sigma_min: float | None = option(
        None, "lowest noise level that the network is asked for; not set: as published", gt=0
    )
    sigma_max: float | None = option(None, "highest noise level, likewise", gt=0)
    parameterisation: Parameterisation = option(
        "linear", "'rotated': along arcs of unit variance (TrigFlow); equal at s = t"
    )
    guidance_embedding: GuidanceEmbeddingName | None = option(
        None, "how the student is told its scale; not set: 'range' where [guidance] has one"
    )
    guidance_range: tuple[float, float] | None = option(
        None, "the scales [lo, hi] that 'range' maps to [0, 1]; not set: those of [guidance]"
    )
    attention: Attention = option("fused", "'explicit' for losses that need jvp, else 'fused'")
    memory_format: Literal["contiguous", "channels_last"] = option(
        "contiguous", "layout of pictures in memory; channels_last is for tensor cores"
    )


@attrs.frozen
class EDMTeacherOptions:
    """The teacher."""

    weights: str = option(REQUIRED, "safetensors file with EDM weights", is_path=True)
    attention: Attention = option(
        "fused", "as in the backbone; equal choices give equal bits", same_result=True
    )
    memory_format: Literal["contiguous", "channels_last"] = option(
        "contiguous", "layout of pictures in memory, as in the backbone", same_result=True
    )


@attrs.frozen
class AugmentOptions:
    """EDM's augmentation. Each kind happens with probability p times its multiplier."""

    p: float = option(0.12, "overall probability; EDM has 0.12 on CIFAR-10, 0.15 on faces", ge=0)
    xflip: float = option(1e8, "horizontal flip; EDM always tosses a fair coin", ge=0)
    yflip: float = option(1.0, "vertical flip, by a fair coin", ge=0)
    scale: float = option(1.0, "scaling", ge=0)
    rotate: float = option(1.0, "rotation by any angle", ge=0)
    stretch: float = option(1.0, "stretching along some axis", ge=0)
    translate: float = option(1.0, "shifting", ge=0)


@attrs.frozen
class DenoisingOptions:
    """Options of `denoising`."""

    weight: Literal["edm", "noise"] = option(
        "edm", "'edm': unit variance at every noise level; 'noise': 1 / level^2, as in VP and VE"
    )
    sigma_data: float = option(0.5, "standard deviation of the data, under 'edm'", gt=0)


@attrs.frozen
class NoiseLevelsOptions:
    """Options of `noise_levels`."""

    law: Literal["edm", "vp", "ve"] = option(
        "edm", "'edm': log-normal; 've': log-uniform; 'vp': uniform in VP's own time"
    )
    mean: float = option(-1.2, "mean of the level's logarithm under 'edm'")
    std: float = option(1.2, "its standard deviation", gt=0)
    sigma_min: float = option(0.02, "lowest level under 've'", gt=0)
    sigma_max: float = option(100.0, "highest level under 've'", gt=0)


#: How a sampler's noise levels are spaced, and which of the published families that is from.
Discretisation = Literal["edm", "vp", "ve", "iddpm"]

_CHURN = "noise added on the way down, spread over the steps; 0: none"
_CHURN_MIN = "lowest level at which noise is added"
_CHURN_MAX = "highest such level; not set: no bound"
_CHURN_NOISE = "standard deviation of that noise, where 1 is exact"
_IDDPM_LEVELS = "move levels to the nearest ones that an iDDPM network knows"


@attrs.frozen
class EDMHeunOptions:
    """Options of `edm_heun`."""

    sigma_min: float = option(0.002, "lowest noise level before zero", gt=0)
    sigma_max: float = option(80.0, "where sampling starts", gt=0)
    rho: float = option(7.0, "levels are equally spaced in level^(1/rho)", gt=0)
    churn: float = option(0.0, _CHURN, ge=0)
    churn_min: float = option(0.0, _CHURN_MIN, ge=0)
    churn_max: float | None = option(None, _CHURN_MAX, ge=0)
    churn_noise: float = option(1.0, _CHURN_NOISE, ge=0)
    iddpm_levels: bool = option(False, _IDDPM_LEVELS)


@attrs.frozen
class AblationOptions:
    """Options of `ablation`."""

    method: Literal["euler", "heun"] = option("heun", "one stage or two")
    discretisation: Discretisation = option("edm", "how noise levels are spaced")
    schedule: Literal["linear", "vp", "ve"] = option("linear", "noise level as function of time")
    scaling: Literal["none", "vp"] = option("none", "'vp': the state has variance 1")
    sigma_min: float | None = option(
        None, "lowest noise level before zero; not set: the discretisation's", gt=0
    )
    sigma_max: float | None = option(None, "where sampling starts; likewise", gt=0)
    rho: float = option(7.0, "levels are equally spaced in level^(1/rho), under 'edm'", gt=0)
    epsilon: float = option(1e-3, "VP's own time of the lowest level", gt=0, lt=1)
    alpha: float = option(1.0, "where the second stage is: 1 Heun, 1/2 midpoint", gt=0, le=1)
    churn: float = option(0.0, _CHURN, ge=0)
    churn_min: float = option(0.0, _CHURN_MIN, ge=0)
    churn_max: float | None = option(None, _CHURN_MAX, ge=0)
    churn_noise: float = option(1.0, _CHURN_NOISE, ge=0)
    iddpm_levels: bool = option(False, _IDDPM_LEVELS)


@attrs.frozen
class RhoSpacing:
    """Times whose noise levels EDM's rule spaces: the same keys in training and in sampling."""

    rho: float = option(7.0, "levels are equally spaced in level^(1/rho)", gt=0)
    sigma_min: float = option(0.002, "the level that the data's end counts as", gt=0)
    sigma_max: float = option(80.0, "the level that the noise's end counts as", gt=0)

    def __attrs_post_init__(self) -> None:
        if not self.sigma_min < self.sigma_max:
            raise ValueError(
                f"sigma_min must be below sigma_max, got {self.sigma_min} and {self.sigma_max}"
            )


@attrs.frozen
class RhoSecantOptions(RhoSpacing):
    """Options of `rho_secant`."""


@attrs.frozen
class RhoSegmentsOptions(RhoSpacing):
    """Options of `rho_segments`."""

    segments: int = option(4, "N segments of time; sample with as many steps", ge=1, limit=100_000)
    direction: Literal["generate", "both"] = option(
        "generate", "'both' exchanges t and s in half of the rows, for losses that go both ways"
    )
    whole: float = option(
        0.0, "share of rows that take the whole segment, the step that sampling takes", ge=0, le=1
    )
