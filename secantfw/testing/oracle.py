"""Oracle: Gaussian-mixture data, whose tangents and secants are known on every path.

Data x_0 ~ sum_k w_k N(mu_k, s_k^2 I). At time t component k has mean alpha mu_k and variance
V_k = alpha^2 s_k^2 + sigma^2; with m_k = x - alpha mu_k and p_k its posterior probability,

    v(x, t) = sum_k p_k (d_alpha mu_k + (alpha d_alpha s_k^2 + sigma d_sigma) / V_k m_k)

Everything is float64.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Batch, Cond


@attrs.frozen(eq=False)
class Oracle:
    """A mixture of C components in d dimensions: `means` (C, d), `stds` and `weights` (C,)."""

    path: Path
    means: Tensor
    stds: Tensor
    weights: Tensor
    substeps: int = 16  # of the Runge-Kutta rule, over whatever interval is asked for

    def tangent(self, x: Tensor, t: Tensor) -> Tensor:
        """v(x, t), (B, d), for x (B, d) and t (B,)."""
        c = self.path.coefficients(t)
        alpha, sigma, d_alpha, d_sigma = (
            value[:, None] for value in (c.alpha, c.sigma, c.d_alpha, c.d_sigma)
        )
        variance = alpha**2 * self.stds**2 + sigma**2  # (B, C)
        m = x[:, None] - alpha[..., None] * self.means  # (B, C, d)
        dimension = x.shape[1]
        log_p = self.weights.log() - m.square().sum(-1) / (2 * variance)
        p = (log_p - dimension / 2 * variance.log()).softmax(1)
        slope = (alpha * d_alpha * self.stds**2 + sigma * d_sigma) / variance
        return d_alpha * (p @ self.means) + ((p * slope)[..., None] * m).sum(1)

    def secant(self, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """f(x, t, s) = 1/(s - t) int_t^s v(x_u, u) du, (B, d); v(x, t) at s = t.

        The mean of the slopes of a fourth-order Runge-Kutta solve: nothing is divided by s - t,
        so that short intervals lose no digits.
        """
        share = 1 / self.substeps
        h = (s - t) * share
        x_u, total = x, torch.zeros_like(x)
        for i in range(self.substeps):
            slope = self._rk4_slope(x_u, torch.lerp(t, s, i * share), h)
            x_u = x_u + h[:, None] * slope
            total = total + slope
        return total * share

    def _rk4_slope(self, x: Tensor, u: Tensor, h: Tensor) -> Tensor:
        """The slope of one classical Runge-Kutta step of width h (B,) from time u (B,)."""
        half, width = (h / 2)[:, None], h[:, None]
        k_1 = self.tangent(x, u)
        k_2 = self.tangent(x + half * k_1, u + h / 2)
        k_3 = self.tangent(x + half * k_2, u + h / 2)
        k_4 = self.tangent(x + width * k_3, u + h)
        return (k_1 + 2 * k_2 + 2 * k_3 + k_4) / 6

    def trajectory(self, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """The point x_s of the trajectory through x at time t, (B, d)."""
        return x + (s - t)[:, None] * self.secant(x, t, s)

    def gaussian_trajectory(self, x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """The same in closed form, for one component:

        x_s = alpha(s) mu + sqrt(V(s) / V(t)) (x - alpha(t) mu).
        """
        assert len(self.means) == 1, "a mixture has no closed form"
        at_t, at_s = self.path.coefficients(t), self.path.coefficients(s)
        v_t, v_s = (c.alpha**2 * self.stds**2 + c.sigma**2 for c in (at_t, at_s))
        centred = x - at_t.alpha[:, None] * self.means
        return at_s.alpha[:, None] * self.means + (v_s / v_t).sqrt()[:, None] * centred

    def marginal_cdf(self, x: Tensor, t: Tensor, direction: Tensor) -> Tensor:
        """P(a . x_t <= a . x), (B,), for a unit vector a (d,): uniform if x is drawn as x_t is."""
        c = self.path.coefficients(t)
        alpha, sigma = c.alpha[:, None], c.sigma[:, None]
        std = (alpha**2 * self.stds**2 + sigma**2).sqrt()
        score = ((x @ direction)[:, None] - alpha * (self.means @ direction)) / std
        below: Tensor = torch.special.ndtr(score)
        return below @ self.weights

    def batch(self, n: int, rng: torch.Generator) -> Batch:
        """n pairs of data and noise, without labels."""
        k = torch.multinomial(self.weights, n, replacement=True, generator=rng)
        shape = (n, self.means.shape[1])
        unit = torch.randn(shape, generator=rng, dtype=torch.float64)
        x_0 = self.means[k] + self.stds[k, None] * unit
        z = torch.randn(shape, generator=rng, dtype=torch.float64)
        return Batch(x_0, z, Cond(), Cond(), torch.arange(n))


def gaussian_oracle(path: Path) -> Oracle:
    """One Gaussian in three dimensions, off centre."""
    means = torch.tensor([[0.8, -0.3, 0.4]], dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    return Oracle(path, means, 0.6 * one, one)


def mixture_oracle(path: Path) -> Oracle:
    """Three unlike Gaussians in three dimensions: no symmetry for a bug to hide behind."""
    means = [[1.1, 0.2, -0.4], [-0.7, 0.9, 0.3], [-0.2, -1.0, 0.8]]
    return Oracle(
        path,
        torch.tensor(means, dtype=torch.float64),
        torch.tensor([0.35, 0.5, 0.6], dtype=torch.float64),
        torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64),
    )
