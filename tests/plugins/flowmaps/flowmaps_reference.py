"""The flow-map losses written out by hand, row by row, on the quarter circle.

Nothing is shared with the plug-in; the networks' derivatives are worked out on paper.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw import Batch, Cond, Times
from secantfw.testing.network_context import NetworkContext, SmallNetwork


def value(net: SmallNetwork, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
    """G tanh(A [x, t, s, w] + E[label]), for one row."""
    return _hidden(net, x, t, s, cond).tanh() @ net.G


def slope(
    net: SmallNetwork, x: Tensor, t: Tensor, s: Tensor, cond: Cond, along: tuple[Tensor, ...]
) -> Tensor:
    """Its derivative along (dx, dt, ds): d tanh(h) = (1 - tanh^2 h) dh."""
    h = _hidden(net, x, t, s, cond)
    dx, dt, ds = along
    dh = torch.cat((dx, torch.stack((dt, ds, torch.zeros_like(dt)), 1)), 1) @ net.A
    return ((1 - h.tanh() ** 2) * dh) @ net.G


def _hidden(net: SmallNetwork, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
    told = torch.stack((t, s, cond.guidance), 1).double()
    return torch.cat((x, told), 1) @ net.A + net.E[cond.label]


@attrs.frozen(eq=False)
class Row:
    """Row i of the inputs; every tensor keeps a batch axis of one."""

    ctx: NetworkContext
    x_0: Tensor
    z: Tensor
    cond: Cond
    cond_data: Cond
    t: Tensor
    s: Tensor
    mid: Tensor
    marked: bool
    options: dict[str, object]

    def point(self, t: Tensor) -> Tensor:
        return (math.pi / 2 * t).cos() * self.x_0 + (math.pi / 2 * t).sin() * self.z

    def data_tangent(self, t: Tensor) -> Tensor:
        turn = math.pi / 2
        return turn * ((turn * t).cos() * self.z - (turn * t).sin() * self.x_0)

    def frozen_weights(self, default: str) -> SmallNetwork:
        live = self.options.get("weights", default) == "live"
        return self.ctx.live if live else self.ctx.ema


def reference(
    name: str, ctx: NetworkContext, batch: Batch, times: Times, options: dict[str, object]
) -> Tensor:
    """The loss of each row, (B,)."""
    losses = []
    for i in range(len(batch)):
        part = slice(i, i + 1)
        cut = [c.map(lambda v, part=part: v[part]) for c in (batch.cond, batch.cond_data)]
        t, s, mid = (v[part].double() for v in (times.t, times.s, times.mid))
        marked = bool(times.tangent_rows[i])
        row = Row(ctx, batch.x_0[part], batch.z[part], *cut, t, s, mid, marked, options)
        losses.append(_LOSSES[name](row))
    return torch.stack(losses)


def _mean_flow(row: Row) -> Tensor:
    x_t, t, s = row.point(row.t), row.t, row.s
    if row.options.get("tangent") == "teacher":
        cond, v = row.cond, value(row.ctx.frozen, x_t, t, t, row.cond).detach()
    else:
        cond, v = row.cond_data, row.data_tangent(t)
    along = (v, torch.ones_like(t), torch.zeros_like(t))
    target = v + (s - t) * slope(row.ctx.live, x_t, t, s, cond, along).detach()
    error = ((value(row.ctx.live, x_t, t, s, cond) - target) ** 2).mean()
    c, p = row.options.get("offset", 1e-3), row.options.get("power", 1.0)
    return error / (error.item() + c) ** p


def _shortcut(row: Row) -> Tensor:
    x_t, t, s, cond = row.point(row.t), row.t, row.s, row.cond_data
    net, m = row.frozen_weights("ema"), (row.t + row.s) / 2
    if row.marked:
        target = row.data_tangent(t)
    else:
        euler = abs((m - t).item()) <= 1 / row.options.get("finest", 128)
        first = value(net, x_t, t, t if euler else m, cond).detach()
        x_m = x_t + (m - t) * first
        target = 0.5 * first + 0.5 * value(net, x_m, m, m if euler else s, cond).detach()
    return ((value(row.ctx.live, x_t, t, s, cond) - target) ** 2).mean()


def _consistency(row: Row, x_r: Tensor, cond: Cond, default: str) -> Tensor:
    x_t, t, s, r = row.point(row.t), row.t, row.s, row.mid
    end = x_r + (s - r) * value(row.frozen_weights(default), x_r, r, s, cond).detach()
    f = value(row.ctx.live, x_t, t, s, cond)
    if row.marked:  # both are secants of no length at one point
        error = ((f - value(row.frozen_weights(default), x_r, r, s, cond).detach()) ** 2).mean()
    else:
        error = ((x_t + (s - t) * f - end) ** 2 / (s - t) ** 2).mean()
    c = row.options.get("huber", 0.0)
    return (error + c**2).sqrt() - c if c else error


def _consistency_distillation(row: Row) -> Tensor:
    x_r, n = row.point(row.t), row.options.get("solver_steps", 1)
    for i in range(n):  # Euler's method, as the context has it
        u = row.t + (row.mid - row.t) * i / n
        v = value(row.ctx.frozen, x_r, u, u, row.cond).detach()
        x_r = x_r + (row.mid - row.t) / n * v
    return _consistency(row, x_r, row.cond, "ema")


def _lagrangian(row: Row) -> Tensor:
    x_t, t, s = row.point(row.t), row.t, row.s
    f = value(row.ctx.live, x_t, t, s, row.cond)
    along = (torch.zeros_like(x_t), torch.zeros_like(t), torch.ones_like(t))
    moving = f + (s - t) * slope(row.ctx.live, x_t, t, s, row.cond, along)
    v = value(row.ctx.frozen, x_t + (s - t) * f, s, s, row.cond).detach()
    return ((moving - v) ** 2).mean()


def _eulerian(row: Row) -> Tensor:
    x_t, t, s = row.point(row.t), row.t, row.s
    v = value(row.ctx.frozen, x_t, t, t, row.cond).detach()
    along = (v, torch.ones_like(t), torch.zeros_like(t))
    d_t = slope(row.ctx.live, x_t, t, s, row.cond, along)
    return ((value(row.ctx.live, x_t, t, s, row.cond) - v - (s - t) * d_t) ** 2).mean()


_LOSSES = {
    "mean_flow": _mean_flow,
    "shortcut": _shortcut,
    "consistency_training": lambda row: _consistency(
        row, row.point(row.mid), row.cond_data, "live"
    ),
    "consistency_distillation": _consistency_distillation,
    "lagrangian": _lagrangian,
    "eulerian": _eulerian,
}
