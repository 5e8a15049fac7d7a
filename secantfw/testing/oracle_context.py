"""OracleContext: a loss's context in which student and teacher are exact, and calls recorded."""

from __future__ import annotations

from typing import Literal

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.loss import (
    Context,
    Derivative,
    DerivativeMethod,
    Point,
    SecantCall,
    TangentCall,
)
from secantfw.interfaces.records import Cond
from secantfw.sampling.derivative import derivative
from secantfw.testing.oracle import Oracle

Network = Literal["student", "target", "teacher"]


@attrs.frozen(eq=False)
class Call:
    """One evaluation of a network, as a loss asked for it; s is t for the teacher."""

    network: Network
    grad: bool
    x: Tensor
    t: Tensor
    s: Tensor
    cond: Cond

    @property
    def rows(self) -> int:
        return int(self.x.shape[0])


class OracleContext(Context):
    """f_theta(x, t, s) = f(x, t, s) + sum_p theta_p phi_p(x, t, s), with theta (n, P) at zero.

    Every row has a theta of its own, so that one backward pass gives n independent gradients. The
    probes phi are 1, x, (s - t) and (s - t) x: since the mean residual of a loss vanishes given
    (x_t, t, s), so does its mean product with any function of them.
    """

    progress = 0.5

    def __init__(self, oracle: Oracle, rows: int) -> None:
        self.oracle, self.path = oracle, oracle.path
        self.theta = torch.zeros((rows, 4), dtype=torch.float64, requires_grad=True)
        self.calls: list[Call] = []
        self.student: SecantCall = _Secant(self, "student")
        self.target: SecantCall = _Secant(self, "target")
        self.teacher: TangentCall = _Teacher(self)

    def guided_tangent(self, network: SecantCall, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """The mixture has no labels, so that guidance changes nothing."""
        return network(x, t, t, cond, grad=False)

    def jvp(
        self,
        network: SecantCall,
        at: Point,
        direction: Point,
        cond: Cond,
        *,
        method: DerivativeMethod = "exact",
        grad: bool = False,
    ) -> Derivative:
        """By central differences where forward-mode AD would have to cross the solver."""
        return derivative(network, at, direction, cond, method="finite_difference", grad=grad)

    def solve_teacher(self, x: Tensor, t: Tensor, s: Tensor, steps: int, cond: Cond) -> Tensor:
        """The exact trajectory, whatever the steps."""
        with torch.no_grad():
            return self.oracle.trajectory(x, t, s)

    def fork_rng(self, name: str) -> torch.Generator:
        return torch.Generator().manual_seed(sum(name.encode()))

    def rows(self, network: Network, grad: bool) -> int:
        """Rows evaluated so far by one network, with or without a graph."""
        return sum(c.rows for c in self.calls if c.network == network and c.grad == grad)

    def perturbed(self, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """f_theta, (B, d); B may be a multiple of n, as in a call of two stacked halves."""
        theta = self.theta.repeat(x.shape[0] // self.theta.shape[0], 1).unsqueeze(2)
        h = (s - t)[:, None]
        probes = torch.stack((torch.ones_like(x), x, h.expand_as(x), h * x), 1)  # (B, P, d)
        return self.oracle.secant(x, t, s) + (theta * probes).sum(1)


class _Secant(SecantCall):
    def __init__(self, ctx: OracleContext, network: Network) -> None:
        self.ctx, self.network = ctx, network

    def __call__(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False
    ) -> Tensor:
        self.ctx.calls.append(Call(self.network, grad, x.detach(), t, s, cond))
        with torch.set_grad_enabled(grad and self.network == "student"):
            return self.ctx.perturbed(x, t, s)


class _Teacher(TangentCall):
    def __init__(self, ctx: OracleContext) -> None:
        self.ctx = ctx

    @torch.no_grad()
    def __call__(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        self.ctx.calls.append(Call("teacher", False, x.detach(), t, t, cond))
        return self.ctx.oracle.tangent(x, t)
