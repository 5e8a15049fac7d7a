"""Mixtures of isotropic Gaussians, and the tangent of their probability-flow ODE in closed form.

Data: x_0 ~ sum_k w_k N(mu_k, s^2 I). At time t, with m = x_t - alpha mu_k and V = alpha^2 s^2 +
sigma^2, given component k

    E[x_0 | x_t, k] = mu_k + (alpha s^2 / V) m,      E[z | x_t, k] = (sigma / V) m,

so that v = d_alpha E[x_0 | x_t] + d_sigma E[z | x_t] is

    v(x_t, t) = sum_k p_k (d_alpha mu_k + ((alpha d_alpha s^2 + sigma d_sigma) / V) m),
    p_k = softmax_k(log w_k - |m|^2 / 2V).

Nothing is divided by alpha or by sigma: V > 0 as s > 0, and v is finite at both ends.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw import Items, Path
from secantfw_data.options import MixtureOptions


@attrs.frozen(eq=False)
class Mixture:
    """`means` (K, d), `std` s, `log_weights` (K,) that sum to 1 when exponentiated; float32."""

    means: Tensor
    std: float
    log_weights: Tensor

    def draw(self, n: int, rng: torch.Generator) -> Items:
        """n items and their components as labels, on the CPU."""
        label = torch.empty(0, dtype=torch.int64)
        if n:  # torch refuses to draw none
            weights = self.log_weights.exp()
            label = torch.multinomial(weights, n, replacement=True, generator=rng)
        noise = torch.randn(n, self.means.shape[1], generator=rng)
        return Items(self.means[label] + self.std * noise, label)

    def velocity(self, x: Tensor, t: Tensor, path: Path, label: Tensor | None = None) -> Tensor:
        """v(x, t), (B, d), of x's dtype.

        Args:
            x: points x_t, (B, d).
            t: times, (B,).
            path: of the interpolant.
            label: (B,), the component that is known to have given x_0; K where none is.
        """
        c = path.coefficients(t.to(x.dtype))
        alpha, sigma = c.alpha[:, None], c.sigma[:, None]
        means = self.means.to(x.dtype)
        m = x[:, None] - alpha[..., None] * means  # (B, K, d)
        variance = alpha.square() * self.std**2 + sigma.square()  # (B, 1)
        p = self._posterior(m.square().sum(-1) / variance, label)
        slope = (alpha * c.d_alpha[:, None] * self.std**2 + sigma * c.d_sigma[:, None]) / variance
        mean_m = (p[..., None] * m).sum(1)
        return c.d_alpha[:, None] * (p @ means) + slope * mean_m

    def _posterior(self, distance: Tensor, label: Tensor | None) -> Tensor:
        """p_k, (B, K), from |m|^2 / V; one-hot in rows whose component is known."""
        p = (self.log_weights.to(distance.dtype) - distance / 2).softmax(-1)
        if label is None:
            return p
        k = torch.arange(len(self.means), device=label.device)
        known = (label[:, None] == k).to(p.dtype)
        return torch.where((label < len(self.means))[:, None], known, p)

    def to(self, device: torch.device) -> Mixture:
        """The same mixture on `device`."""
        return Mixture(self.means.to(device), self.std, self.log_weights.to(device))


def mixture_of(options: MixtureOptions) -> Mixture:
    """The mixture that the options describe."""
    means = torch.tensor(options.means) if options.means else _ring(options)
    weights = options.weights or (1.0,) * len(means)
    return Mixture(means, options.std, torch.tensor(weights).log().log_softmax(0))


def _ring(options: MixtureOptions) -> Tensor:
    """Equally spaced means on a circle in the first two axes; on a line in one dimension."""
    means = torch.zeros(options.components, options.dimension)
    if options.dimension == 1:
        if options.components > 1:
            means[:, 0] = torch.linspace(-options.radius, options.radius, options.components)
        return means
    angle = torch.arange(options.components) * (2 * math.pi / options.components)
    means[:, 0], means[:, 1] = options.radius * angle.cos(), options.radius * angle.sin()
    return means
