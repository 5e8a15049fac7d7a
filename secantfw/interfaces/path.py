"""Path: the interpolant between data and noise, and the one place that says which way time runs.

    x_t = alpha(t) x_0 + sigma(t) z,    v = d_alpha(t) x_0 + d_sigma(t) z   (given x_0 and z)

Time runs on [0, 1]: **t = 0 is data, t = 1 is noise**, on every path. Sampling goes from t_max
down to t_min. Code with another convention is converted at its edge.
"""

from __future__ import annotations

import abc

from torch import Tensor

from secantfw.interfaces.records import Batch, Coefficients
from secantfw.interfaces.tensors import at


class Path(abc.ABC):
    """alpha, sigma and their derivatives. Samplers and solvers stay inside [t_min, t_max], which
    may depend on the options.
    """

    t_min: float = 0.0
    t_max: float = 1.0

    @abc.abstractmethod
    def coefficients(self, t: Tensor) -> Coefficients:
        """alpha, sigma, d_alpha/dt, d_sigma/dt at t (B,); each (B,), of t's dtype and device."""

    def point(self, batch: Batch, t: Tensor) -> Tensor:
        """x_t = alpha(t) x_0 + sigma(t) z, (B, *), for times t (B,)."""
        c = self.coefficients(t)
        return at(c.alpha, batch.x_0) * batch.x_0 + at(c.sigma, batch.z) * batch.z

    def tangent(self, batch: Batch, t: Tensor) -> Tensor:
        """d_alpha(t) x_0 + d_sigma(t) z, (B, *), whose mean given x_t is the tangent v(x_t, t)."""
        c = self.coefficients(t)
        return at(c.d_alpha, batch.x_0) * batch.x_0 + at(c.d_sigma, batch.z) * batch.z
