"""The denoising loss: its weights are those of the denoiser."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_edm.denoising import Denoising
from secantfw_edm.options import DenoisingOptions

from secantfw import Batch, Cond, at


@attrs.define(eq=False)
class Context:
    """A student that is a function of x, and says what it was asked."""

    path: object
    asked: list = attrs.field(factory=list)

    def student(self, x, t, s, cond, *, grad=False):
        self.asked.append((x, t, s, cond))
        return torch.sin(x)


def make_batch():
    x_0, z = torch.randn(2, 5, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    cond = Cond(torch.arange(5))
    return Batch(x_0, z, cond, cond, torch.arange(5))


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("weight", ["edm", "noise"])
def test_it_is_the_weighted_error_of_the_denoiser(path, weight):
    """weight(rho) (D - x_0)^2 with D = (sigma f - sigma' x_t) / W."""
    batch, t = make_batch(), torch.linspace(0.05, 0.9, 5).double()
    loss = Denoising(DenoisingOptions(weight, sigma_data=0.7))
    found = loss.elementwise(Context(path), batch, t)
    c, x_t = path.coefficients(t), path.point(batch, t)
    w = c.d_alpha * c.sigma - c.alpha * c.d_sigma
    d = (at(c.sigma, x_t) * torch.sin(x_t) - at(c.d_sigma, x_t) * x_t) / at(w, x_t)
    rho = c.sigma / c.alpha
    factor = 1 / rho**2 if weight == "noise" else (rho**2 + 0.7**2) / (rho * 0.7) ** 2
    expected = at(factor, x_t) * (d - batch.x_0) ** 2
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
