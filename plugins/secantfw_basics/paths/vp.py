"""VP:  ln alpha(t) = -(beta_1 - beta_0) t^2 / 4 - beta_0 t / 2,  sigma(t)^2 = 1 - alpha(t)^2.

The variance-preserving diffusion of arXiv:2011.13456 with beta_0 = 0.1, beta_1 = 20. d_sigma grows
like t^(-1/2) towards t = 0, so time starts at t_min = 1e-3.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import Coefficients, Path
from secantfw_basics.options import VPOptions

_BETA_0 = 0.1
_BETA_1 = 20.0


class VP(Path):
    """x_t = alpha x_0 + sigma z with alpha^2 + sigma^2 = 1."""

    t_min = 1e-3

    def __init__(self, options: VPOptions | None = None) -> None:
        if options is not None:
            self.t_min, self.t_max = options.t_min, options.t_max

    def coefficients(self, t: Tensor) -> Coefficients:
        slope = _BETA_1 - _BETA_0
        log_alpha = -t * (slope / 4 * t + _BETA_0 / 2)
        d_log_alpha = -(slope / 2 * t + _BETA_0 / 2)
        alpha = log_alpha.exp()
        # 1 - alpha^2 by expm1: near t = 0 the difference would keep three digits in float32.
        sigma = (-(2 * log_alpha).expm1()).sqrt()
        d_alpha = alpha * d_log_alpha
        return Coefficients(
            alpha=alpha, sigma=sigma, d_alpha=d_alpha, d_sigma=-alpha * d_alpha / sigma
        )
