"""Options of the flow-map losses and of their laws of times. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import option

#: As `secantfw.Context.jvp` takes it: forward-mode AD, or two more evaluations.
Method = Literal["exact", "finite_difference"]
#: "live": the weights in training; "ema": their moving average.
Weights = Literal["live", "ema"]
#: Of one time: t itself, or ln(t / (1 - t)) is normal.
TimeLaw = Literal["uniform", "logit_normal"]

_METHOD = "'exact' needs a network with forward-mode AD; differences cost two more evaluations"
_WEIGHTS = "whose network gives the target"
_LAW = "the law of t as a share of the time range"
_MEAN = "mean of ln(t / (1 - t)) under 'logit_normal'; above 0: more noise"
_STD = "standard deviation of ln(t / (1 - t)) under 'logit_normal'"
_TANGENTS = "share of the rows with s = t"
_HUBER = "c of the pseudo-Huber norm sqrt(error + c^2) - c; 0 is the squared error"


@attrs.frozen
class MeanFlowOptions:
    """Options of `mean_flow`."""

    tangent: Literal["data", "teacher"] = option(
        "data", "v: the path's own direction d_alpha x_0 + d_sigma z, or the teacher"
    )
    power: float = option(
        1.0, "p of the weight 1 / (error + c)^p, taken as a constant; 0 is the squared error", ge=0
    )
    offset: float = option(1e-3, "c of that weight", gt=0)
    derivative: Method = option("exact", _METHOD)


@attrs.frozen
class ShortcutOptions:
    """Options of `shortcut`."""

    weights: Weights = option("ema", _WEIGHTS)
    finest: int = option(
        128,
        "half steps of at most 1/N of the time range are taken along the tangent",
        ge=1,
        limit=1_000_000,
    )


@attrs.frozen
class ConsistencyTrainingOptions:
    """Options of `consistency_training`."""

    weights: Weights = option("live", _WEIGHTS)
    huber: float = option(0.0, _HUBER, ge=0)


@attrs.frozen
class ConsistencyDistillationOptions:
    """Options of `consistency_distillation`."""

    weights: Weights = option("ema", _WEIGHTS)
    huber: float = option(0.0, _HUBER, ge=0)
    solver_steps: int = option(
        1,
        "steps of the teacher's solver from t to the next time",
        ge=1,
        limit=10_000,
    )


@attrs.frozen
class LagrangianOptions:
    """Options of `lagrangian`."""

    derivative: Method = option("exact", _METHOD)


@attrs.frozen
class EulerianOptions:
    """Options of `eulerian`."""

    derivative: Method = option("exact", _METHOD)


@attrs.frozen
class WithTangentsOptions:
    """Options of `with_tangents`."""

    law: TimeLaw = option("logit_normal", "the law of the two times, the later of which is t")
    mean: float = option(-0.4, _MEAN)
    std: float = option(1.0, _STD, gt=0)
    tangent_share: float = option(0.75, _TANGENTS, ge=0, le=1)


@attrs.frozen
class DyadicOptions:
    """Options of `dyadic`."""

    finest: Literal[2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] = option(
        128, "steps are 1, 1/2, ... 2/N of the time range, so that their halves end at 1/N"
    )
    tangent_share: float = option(0.75, _TANGENTS, ge=0, le=1)


@attrs.frozen
class ToDataOptions:
    """Options of `to_data`."""

    spacing: Literal["shrinking", "grid"] = option(
        "shrinking", "the next time: a share of t that grows in stages, or the grid's"
    )
    law: TimeLaw = option("logit_normal", _LAW + "; under 'shrinking'")
    mean: float = option(0.0, _MEAN)
    std: float = option(1.0, _STD, gt=0)
    stages: int = option(
        8,
        "stages of the run; in stage k (from 0) the gap is t / q^k",
        ge=1,
        limit=10_000,
    )
    shrink: float = option(2.0, "q, by which the gap shrinks at each stage", gt=1)
    grid: int = option(16, "times of the grid i/N under 'grid'", ge=1, limit=1_000_000)
