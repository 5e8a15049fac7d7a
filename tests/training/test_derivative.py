"""`ctx.jvp` against a derivative by hand: exact, by differences, with and without a graph."""

from __future__ import annotations

import pytest
import torch

from secantfw import Cond, Point
from secantfw.sampling.derivative import derivative


class Wave(torch.nn.Module):
    """f = w sin(x) t^2 + s^3, evaluated as the run's student is."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor(2.0))

    def __call__(self, x, t, s, cond, *, grad=False):
        with torch.set_grad_enabled(grad):
            return self.w * x.sin() * t[:, None] ** 2 + s[:, None] ** 3


@pytest.mark.parametrize("method", ["exact", "finite_difference"])
@pytest.mark.parametrize("grad", [False, True])
def test_the_derivative_is_the_one_by_hand(method, grad):
    rng = torch.Generator().manual_seed(0)
    x, dx = torch.randn((2, 5, 3), generator=rng)
    t, s = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0]), torch.tensor([0.0, 0.1, 0.4, 1.0, 0.3])
    dt, ds = torch.ones(5), torch.full((5,), -0.5)
    network = Wave()
    got = derivative(network, Point(x, t, s), Point(dx, dt, ds), Cond(), method=method, grad=grad)
    t_, s_ = t[:, None], s[:, None]
    expected = 2 * x.cos() * dx * t_**2 + 2 * x.sin() * 2 * t_ - 0.5 * 3 * s_**2
    tolerance = 1e-5 if method == "exact" else 3e-2
    torch.testing.assert_close(got.derivative, expected, atol=tolerance, rtol=tolerance)
    torch.testing.assert_close(got.value, 2 * x.sin() * t_**2 + s_**3)
    assert got.derivative.requires_grad == grad
    assert got.value.requires_grad == grad
