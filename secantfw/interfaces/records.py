"""The named records that cross the borders between core and components. All are frozen.

Shapes: B batch, `*` data shape, K interior draws. Tensors of one record are on one device. This
module imports no torch, so that listings may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, get_args

import attrs

if TYPE_CHECKING:
    from torch import Tensor

#: Where the interior times r lie between t and s: independent uniform draws; one draw in each of K
#: equal strata; mirrored pairs u, 1-u; or the K fixed Gauss-Legendre nodes with their weights.
RLaw = Literal["uniform", "stratified", "antithetic", "gauss_legendre"]


@attrs.frozen
class DataSpec:
    """What one item of a data set is."""

    shape: tuple[int, ...]  # * without the batch axis: (channels, height, width) or (dimension,)
    num_classes: int = 0  # 0: no labels


@attrs.frozen(eq=False, init=False)
class Coefficients:
    """alpha, sigma and their time derivatives at times t; each (B,)."""

    alpha: Tensor
    sigma: Tensor
    d_alpha: Tensor
    d_sigma: Tensor

    def __init__(self, alpha: Tensor, sigma: Tensor, d_alpha: Tensor, d_sigma: Tensor) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "alpha", alpha)
        object.__setattr__(self, "sigma", sigma)
        object.__setattr__(self, "d_alpha", d_alpha)
        object.__setattr__(self, "d_sigma", d_sigma)


@attrs.frozen(eq=False, init=False)
class Cond:
    """What a network is told beside x and the times.

    `label` (B,) int64 in 0..num_classes, where num_classes is the null class of guidance;
    None for data without labels. `guidance` (B,) the scale w that a student with an embedded
    guidance range is told and that the guided teacher applies; None for no guidance. `augment`
    (B, A) says what was done to each picture in training; None, as in sampling: nothing. A
    network that cannot be told ignores it.
    """

    label: Tensor | None = None
    guidance: Tensor | None = None
    augment: Tensor | None = None

    def __init__(
        self,
        label: Tensor | None = None,
        guidance: Tensor | None = None,
        augment: Tensor | None = None,
    ) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "guidance", guidance)
        object.__setattr__(self, "augment", augment)

    def map(self, function: Callable[[Tensor], Tensor]) -> Cond:
        """The same record with `function` applied to each tensor that is there."""
        return Cond(
            label=None if self.label is None else function(self.label),
            guidance=None if self.guidance is None else function(self.guidance),
            augment=None if self.augment is None else function(self.augment),
        )


@attrs.frozen(eq=False)
class Items:
    """Data as a data set gives them: `x_0` (n, *) float32, `label` (n,) int64 or None."""

    x_0: Tensor
    label: Tensor | None = None


@attrs.frozen(eq=False)
class Batch:
    """One global batch, drawn by the trainer.

    `x_0` (B, *) data, `z` (B, *) standard normal noise, `index` (B,) positions in the data set.
    `cond` conditions the secant: with a guidance range, clean labels and the drawn scales;
    without one, the labels after label dropout. `cond_data` conditions terms whose target is the
    data's own tangent: the labels after label dropout, and guidance 1 (or None without a range).
    """

    x_0: Tensor
    z: Tensor
    cond: Cond
    cond_data: Cond
    index: Tensor

    def __len__(self) -> int:
        return int(self.x_0.shape[0])

    def rows(self, which: slice) -> Batch:
        """The same record of these rows alone."""
        return Batch(
            x_0=self.x_0[which],
            z=self.z[which],
            cond=self.cond.map(lambda c: c[which]),
            cond_data=self.cond_data.map(lambda c: c[which]),
            index=self.index[which],
        )


@attrs.frozen
class TimesNeed:
    """Which times a loss asks of the time sampler."""

    draws: int = 1  # K interior times r per sample; 0 for a loss without any
    law: RLaw = "uniform"
    tau: bool = False  # an extra, independent time in [t_min, t_max], for a diffusion term

    def __attrs_post_init__(self) -> None:
        if self.law not in get_args(RLaw):
            known = ", ".join(map(repr, get_args(RLaw)))
            raise ValueError(f"TimesNeed: no law of r is called {self.law!r}; known: {known}")
        if not isinstance(self.draws, int) or self.draws < 0:
            raise ValueError(f"TimesNeed: draws is a number from 0 up, got {self.draws!r}")


@attrs.frozen(eq=False)
class Times:
    """The times of one batch.

    `t`, `s` (B,) start and end of the interval; `r`, `r_weight` (B, K) interior times and their
    weights, which sum to 1 over K; `tau` (B,) or None, an extra time for a diffusion term.
    `tangent_rows` (B,) bool or None marks rows where s was set to t on purpose; `mid` (B,) or
    None a second interior time between t and s, for losses that compose two steps.
    """

    t: Tensor
    s: Tensor
    r: Tensor
    r_weight: Tensor
    tau: Tensor | None = None
    tangent_rows: Tensor | None = None
    mid: Tensor | None = None

    def rows(self, which: slice) -> Times:
        """The same record of these rows alone."""
        return Times(
            t=self.t[which],
            s=self.s[which],
            r=self.r[which],
            r_weight=self.r_weight[which],
            tau=None if self.tau is None else self.tau[which],
            tangent_rows=None if self.tangent_rows is None else self.tangent_rows[which],
            mid=None if self.mid is None else self.mid[which],
        )


@attrs.frozen(eq=False, init=False)
class LossTerms:
    """`per_sample` (B,) the loss of each row, unreduced; `scalars` 0-dim tensors to log."""

    per_sample: Tensor
    scalars: Mapping[str, Tensor]

    def __init__(self, per_sample: Tensor, scalars: Mapping[str, Tensor] | None = None) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "per_sample", per_sample)
        object.__setattr__(self, "scalars", {} if scalars is None else scalars)


@attrs.frozen
class LoadReport:
    """What `Backbone.load_tangent` did: copied, made (copied twice or zero), ignored."""

    copied: tuple[str, ...]
    made: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@attrs.frozen
class WeightsHeader:
    """The self-description of a safetensors weights file, read without its tensors.

    `options` are the network's options as TOML values; `spec` and `path_name` what it was
    trained on. Fields are None (or empty) where the file does not say.
    """

    file: str
    component: str = ""  # "sit:sit"
    options: Mapping[str, object] = attrs.field(factory=dict)
    spec: DataSpec | None = None
    path_name: str = ""  # full name of the path component, "basics:linear"
