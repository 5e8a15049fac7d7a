"""What K tangents say of the variance of their mean, by the law of their times.

With v_1 ... v_K in the order of time, the variance of the estimate given (x_t, t, s) is estimated
by

    uniform      sum_k (v_k - mean)^2 / (K (K - 1))                                   K >= 2
    antithetic   the same for the P = K/2 means of mirrored pairs                     K >= 4
    stratified   1/(6 K) of the mean over k of (v_{k-1} - 2 v_k + v_{k+1})^2          K >= 3

The first two are unbiased. A stratum has one draw and tells no variance of its own; three
neighbours do, too large a one where their means do not lie on a line. Smaller K tell nothing.
Gauss-Legendre nodes have no variance; what they are wrong by is a bias.
"""

from __future__ import annotations

from torch import Tensor

from secantfw_montecarlo.options import Law


def estimate_variance(value: Tensor, law: Law) -> Tensor | None:
    """The variance of a number of the estimate, the mean over rows and numbers: 0-dim, or None.

    `value` (K, B, *) holds the tangents, ordered in time.
    """
    draws = len(value)
    if law == "uniform" and draws >= 2:
        return _of_mean(value)
    if law == "antithetic" and draws >= 4:
        pairs = (value[: draws // 2] + value[draws // 2 :].flip(0)) / 2
        return _of_mean(pairs)
    if law == "stratified" and draws >= 3:
        return value.diff(n=2, dim=0).square().mean() / (6 * draws)
    return None


def tangent_variance(value: Tensor) -> Tensor:
    """mean_k (v_k - mean)^2, the mean over rows and numbers: how much v changes along t -> s."""
    return value.var(0, correction=0).mean()


def _of_mean(values: Tensor) -> Tensor:
    return values.var(0).mean() / len(values)
