"""Does a loss's mean gradient vanish at the exact secant, and are its points on the path?"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Times
from secantfw.interfaces.time_sampler import TimeSampler
from secantfw.testing.oracle import Oracle
from secantfw.testing.oracle_context import Call, OracleContext

#: |z| above which a mean gradient does not vanish: 1 false alarm in 4,000 over four probes.
Z_LIMIT = 4.0
#: Mean gradients of at most this are the oracle's own error: it solves, and takes derivatives by
#: differences. Data, noise and probes are of order 1. Where the exact secant makes a loss zero in
#: every row, that error is all there is, and no noise hides it.
PRECISION = 1e-3
#: sqrt(n) D above which Kolmogorov and Smirnov reject: 1 false alarm in 100,000.
KS_LIMIT = 2.5


@attrs.frozen(eq=False)
class OracleStep:
    """One evaluation of a loss on the oracle: mean gradients in standard errors, and the calls."""

    z: Tensor  # (P,), one for each probe
    context: OracleContext
    per_sample: Tensor

    @property
    def worst_z(self) -> float:
        return float(self.z.abs().max())

    @property
    def worst_ks(self) -> float:
        """The largest KS statistic of the points of any call against the path's marginal."""
        oracle = self.context.oracle
        return max(
            _ks_of_call(oracle, call, a) for call in self.context.calls for a in _axes(oracle)
        )


def oracle_step(
    loss: SecantLoss, sampler: TimeSampler, oracle: Oracle, rows: int, seed: int = 0
) -> OracleStep:
    """Evaluate the loss on `rows` samples with exact networks, and differentiate it."""
    rng = torch.Generator().manual_seed(seed)
    batch = oracle.batch(rows, rng)
    times = in_float64(sampler.sample(rows, loss.times_needed(), oracle.path, rng, 0.5))
    ctx = OracleContext(oracle, rows)
    per_sample = loss(ctx, batch, times).per_sample
    (gradient,) = torch.autograd.grad(per_sample.sum(), ctx.theta)
    error = gradient.std(0) / math.sqrt(rows)
    z = gradient.mean(0) / error.clamp(min=PRECISION / Z_LIMIT)
    return OracleStep(z, ctx, per_sample.detach())


def fixed_point_step(
    loss: SecantLoss, sampler: TimeSampler, oracle: Oracle, rows: int, seed: int = 0
) -> OracleStep:
    """The same, where a z just over the limit is looked at again: new draws, four times as many.

    A bias doubles its z by that; an unlucky draw does not come back. A clear z is left as it is.
    """
    step = oracle_step(loss, sampler, oracle, rows, seed)
    if Z_LIMIT < step.worst_z < 2 * Z_LIMIT:
        return oracle_step(loss, sampler, oracle, 4 * rows, seed + 1)
    return step


def in_float64(times: Times) -> Times:
    """The same times, ready for the oracle."""
    tensors = {
        name: value.double()
        for name, value in attrs.asdict(times, recurse=False).items()
        if value is not None and value.is_floating_point()
    }
    return attrs.evolve(times, **tensors)


def ks_uniform(u: Tensor) -> float:
    """sqrt(n) sup |F_n(u) - u|, for n numbers that should be uniform on [0, 1]."""
    n = u.numel()
    ordered = u.flatten().double().sort().values
    rank = torch.arange(n, dtype=torch.float64)
    gap = torch.maximum((rank + 1) / n - ordered, ordered - rank / n).max()
    return math.sqrt(n) * float(gap)


def _ks_of_call(oracle: Oracle, call: Call, axis: Tensor) -> float:
    """The worse of the two halves of time: pooled, errors of early and late points may cancel.

    Rows may repeat t, not x: they are independent, whatever the law of t.
    """
    u = oracle.marginal_cdf(call.x, call.t, axis)
    late = call.t > 0.5
    return max(ks_uniform(half) for half in (u[late], u[~late]) if half.numel())


def _axes(oracle: Oracle) -> Tensor:
    return torch.eye(oracle.means.shape[1], dtype=torch.float64)
