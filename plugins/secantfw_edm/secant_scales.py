"""f(x, t, s) = a x + b F(c x; c_noise(t), c_noise(s)): the scales a, b, c of a secant.

"linear" takes those of the tangent at t, whatever s is. "rotated" lets F be the average velocity
on arcs: with N^2 = sigma^2 + sd^2 alpha^2 and the angle phi = atan2(sigma, sd alpha), the point
x / N has unit variance, turns with phi on every path alike, d(x/N)/dphi = -F, and

    x_s = N(s) (x_t / N(t) - (phi(s) - phi(t)) F),    f = (x_s - x_t) / (s - t).

On the path alpha = cos, sigma = sin with sd = 1 that is TrigFlow (arXiv:2410.11081). At s = t both
are the tangent, by the same code.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Coefficients, Path
from secantfw_edm.preconditioning import EDM, Preconditioning, VelocityScales

#: Below this distance of s and t the quotients are the derivatives, to 1e-9 of their value.
_CLOSE = 1e-8


@attrs.frozen(eq=False)
class SecantScales:
    """a, b, c and c_noise at t and at s; each (B,), of the dtype of x."""

    x: Tensor
    output: Tensor
    input: Tensor
    noise: Tensor
    second_noise: Tensor


# The records of a path cannot be traced by a compiler, and 2B numbers need not be.
@torch.compiler.disable  # type: ignore[untyped-decorator]
def secant_scales(
    path: Path, family: Preconditioning, t: Tensor, s: Tensor, *, rotated: bool, dtype: torch.dtype
) -> SecantScales:
    """Computed in float64, because the quotients of "rotated" cancel: 2B numbers cost nothing."""
    here, there = path.coefficients(t.double()), path.coefficients(s.double())
    scales = family.velocity_scales(here)
    if rotated:
        assert isinstance(family, EDM)
        scales = _rotated(family.sigma_data, here, there, s.double() - t.double(), scales)
    return SecantScales(
        x=scales.x.to(dtype),
        output=scales.output.to(dtype),
        input=scales.input.to(dtype),
        noise=family.noise_of(here).to(dtype),
        second_noise=family.noise_of(there).to(dtype),
    )


def _rotated(
    sd: float, here: Coefficients, there: Coefficients, h: Tensor, tangent: VelocityScales
) -> VelocityScales:
    """a = (N(s)/N(t) - 1) / h,  b = -N(s) (phi(s) - phi(t)) / h,  h = s - t."""
    close = h.abs() < _CLOSE
    width = torch.where(close, 1.0, h)
    ratio = _norm(sd, there) / _norm(sd, here)
    turned = _norm(sd, there) * (_angle(sd, there) - _angle(sd, here))
    return VelocityScales(
        x=torch.where(close, tangent.x, (ratio - 1) / width),
        output=torch.where(close, tangent.output, -turned / width),
        input=tangent.input,
    )


def _norm(sd: float, c: Coefficients) -> Tensor:
    return (c.sigma**2 + sd**2 * c.alpha**2).sqrt()


def _angle(sd: float, c: Coefficients) -> Tensor:
    return torch.atan2(c.sigma, sd * c.alpha)
