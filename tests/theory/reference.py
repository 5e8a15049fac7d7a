"""The losses written out by hand from the paper's formulas, on the trigonometric path.

Row by row and draw by draw, with nothing shared with the plug-in: it is what the values and the
gradients are compared with.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw import Batch, Cond, Times

from .networks import Net, NetContext


@attrs.frozen
class Choice:
    """The options of a loss under test."""

    draws: int = 1
    picard_iterations: int = 1
    weights: str = "live"
    tangent: str = "self"
    diffusion_weight: float = 1.0
    fused: bool = True
    substeps: int = 1
    method: str = "heun3"
    guidance: bool = False


@attrs.frozen(eq=False)
class Row:
    """Row i of the inputs; every tensor keeps a batch axis of one."""

    ctx: NetContext
    choice: Choice
    x_0: Tensor
    z: Tensor
    cond: Cond
    cond_data: Cond

    def point(self, t: Tensor) -> Tensor:
        return (math.pi / 2 * t).cos() * self.x_0 + (math.pi / 2 * t).sin() * self.z

    def data_tangent(self, t: Tensor) -> Tensor:
        turn = math.pi / 2
        return turn * ((turn * t).cos() * self.z - (turn * t).sin() * self.x_0)

    def frozen(self) -> Net:
        return self.ctx.live if self.choice.weights == "live" else self.ctx.ema

    def estimate(self, x: Tensor, p: Tensor, q: Tensor, cond: Cond) -> Tensor:
        """x at p -> an estimate at q, by one or two reads of the network."""
        with torch.no_grad():
            y = x + (q - p) * self.frozen()(x, p, q, cond)
            for _ in range(1, self.choice.picard_iterations):
                y = x + (q - p) * self.frozen()(y, q, p, cond)
        return y


def reference(name: str, ctx: NetContext, batch: Batch, times: Times, choice: Choice) -> Tensor:
    """The loss of each row, (B,)."""
    losses = []
    for i in range(len(batch)):
        part = slice(i, i + 1)
        row = Row(
            ctx,
            choice,
            batch.x_0[part],
            batch.z[part],
            batch.cond.map(lambda v, part=part: v[part]),
            batch.cond_data.map(lambda v, part=part: v[part]),
        )
        of_row = attrs.evolve(
            times,
            t=times.t[part],
            s=times.s[part],
            r=times.r[part],
            r_weight=times.r_weight[part],
            tau=times.tau[part],
        )
        losses.append(_LOSSES[name](row, of_row))
    return torch.stack(losses)


def _sdei(row: Row, times: Times) -> Tensor:
    x_t, target = row.point(times.t), torch.zeros_like(row.x_0)
    for k in range(row.choice.draws):
        r, w = times.r[:, k], times.r_weight[:, k]
        x_r = row.estimate(x_t, times.t, r, row.cond)
        target = target + w * row.ctx.master(x_r, r, r, row.cond).detach()
    return ((row.ctx.live(x_t, times.t, times.s, row.cond) - target) ** 2).mean()


def _stei(row: Row, times: Times) -> Tensor:
    x_t, target = row.point(times.t), torch.zeros_like(row.x_0)
    for k in range(row.choice.draws):
        r, w = times.r[:, k], times.r_weight[:, k]
        x_r = row.estimate(x_t, times.t, r, row.cond)
        network = row.frozen() if row.choice.tangent == "self" else row.ctx.master
        target = target + w * network(x_r, r, r, row.cond).detach()
    secant = ((row.ctx.live(x_t, times.t, times.s, row.cond) - target) ** 2).mean()
    return secant + row.choice.diffusion_weight * _diffusion(row, times.tau)


def _sdee(row: Row, times: Times) -> Tensor:
    loss = torch.zeros((), dtype=torch.float64)
    for k in range(row.choice.draws):
        r, w = times.r[:, k], times.r_weight[0, k]
        x_r = row.point(r)
        x_t = row.estimate(x_r, r, times.t, row.cond)
        target = row.ctx.master(x_r, r, r, row.cond).detach()
        loss = loss + w * ((row.ctx.live(x_t, times.t, times.s, row.cond) - target) ** 2).mean()
    return loss


def _stee(row: Row, times: Times) -> Tensor:
    loss = torch.zeros((), dtype=torch.float64)
    for k in range(row.choice.draws):
        r, w = times.r[:, k], times.r_weight[0, k]
        x_t = row.estimate(row.point(r), r, times.t, row.cond_data)
        f = row.ctx.live(x_t, times.t, times.s, row.cond_data)
        loss = loss + w * ((f - row.data_tangent(r)) ** 2).mean()
    return loss


def _monte_carlo(row: Row, times: Times) -> Tensor:
    """By Euler steps from each interior time to the next, the nearest to t first."""
    steps, target = row.choice.substeps, torch.zeros_like(row.x_0)
    order = sorted(range(row.choice.draws), key=lambda k: float(abs(times.r[0, k] - times.t[0])))
    x, u = row.point(times.t), times.t
    for k in order:
        r, w = times.r[:, k], times.r_weight[:, k]
        for i in range(steps):
            now = u + i * (r - u) / steps
            x = x + (r - u) / steps * row.ctx.master(x, now, now, row.cond).detach()
        target = target + w * row.ctx.master(x, r, r, row.cond).detach()
        u = r
    return ((row.ctx.live(row.point(times.t), times.t, times.s, row.cond) - target) ** 2).mean()


def _runge_kutta(row: Row, times: Times) -> Tensor:
    x, t, h = row.point(times.t), times.t, times.s - times.t

    def v(y: Tensor, share: float) -> Tensor:
        return row.ctx.master(y, t + share * h, t + share * h, row.cond).detach()

    k_1 = v(x, 0)
    if row.choice.method == "midpoint":
        target = v(x + h / 2 * k_1, 1 / 2)
    else:
        k_2 = v(x + h / 3 * k_1, 1 / 3)
        target = (k_1 + 3 * v(x + 2 * h / 3 * k_2, 2 / 3)) / 4
    return ((row.ctx.live(x, times.t, times.s, row.cond) - target) ** 2).mean()


def _diffusion(row: Row, t: Tensor) -> Tensor:
    f = row.ctx.live(row.point(t), t, t, row.cond_data)
    return ((f - row.data_tangent(t)) ** 2).mean()


_LOSSES = {
    "sdei": _sdei,
    "stei": _stei,
    "sdee": _sdee,
    "stee": _stee,
    "monte_carlo": _monte_carlo,
    "runge_kutta": _runge_kutta,
    "tangent": lambda row, times: _diffusion(row, times.t),
}
