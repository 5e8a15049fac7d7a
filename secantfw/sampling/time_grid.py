"""Time grids: t = t_0, ..., t_N = s in equal steps of a clock c(t), or of a distribution of t.

    uniform        c = t
    shifted        c = t / (m - (m - 1) t),    t = m c / (1 + (m - 1) c)     (arXiv:2403.03206)
    logsnr         c = ln rho,                 rho = sigma / alpha           (arXiv:2206.00927)
    rho            c = rho^(1/7)                                             (arXiv:2206.00364)
    logit_normal   t_i = t + g_i (s - t),      g_i = sigmoid(mean + std q(i / N)) from the data,
                   q the standard normal's quantile function                 (arXiv:2403.03206)

Levels rho are clamped to [sigma_min, sigma_max], since ln rho is infinite at both ends. An end
beyond sigma_min costs a step of its own: N - 1 equal steps to sigma_min, one from there to the data.
The logit-normal grid puts equal mass of the distribution that flow matching draws t from into every
step: short steps in the middle, where trajectories bend, and long ones at both ends. It is for few
steps: those at the ends shrink as exp(-std sqrt(2 ln N)), slower than 1/N, and so does the error.

A grid does not depend on the direction: rows from t up to s visit the nodes of rows from s down to t.
"""  # noqa: E501

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.interfaces.levels import time_of_level
from secantfw.interfaces.path import Path
from secantfw.sampling.grid_options import GridOptions


def step_times(path: Path, t: Tensor, s: Tensor, steps: int, options: GridOptions) -> Tensor:
    """(N + 1, B) float64 from t to s, (B,) each, exact at both ends.

    Computed on the device of t; nothing is read back from it or copied to it, so that a solve can
    be compiled or recorded as a CUDA graph.

    Raises:
        ValueError: fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")
    t, s = t.double(), s.double()
    high, low = torch.maximum(t, s), torch.minimum(t, s)
    if options.spacing in ("logsnr", "rho"):
        inner = _by_level(path, high, low, steps, options)
    elif options.spacing == "logit_normal":
        inner = _by_quantile(high, low, steps, options)
    else:
        inner = _by_closed_form(high, low, steps, options)
    inner = torch.where(t >= s, inner, inner.flip(0))
    return torch.cat((t[None], torch.clamp(inner, low, high)[1:-1], s[None]))


def _shares(steps: int, like: Tensor) -> Tensor:
    """i / N, (N + 1, 1)."""
    return torch.linspace(0, 1, steps + 1, dtype=like.dtype, device=like.device).unsqueeze(1)


def _by_closed_form(high: Tensor, low: Tensor, steps: int, options: GridOptions) -> Tensor:
    m = options.shift if options.spacing == "shifted" else 1.0
    c = torch.lerp(high / (m - (m - 1) * high), low / (m - (m - 1) * low), _shares(steps, high))
    return m * c / (1 + (m - 1) * c)


def _by_quantile(high: Tensor, low: Tensor, steps: int, options: GridOptions) -> Tensor:
    quantiles = torch.special.ndtri(_shares(steps, high))  # infinite at both ends
    return torch.lerp(low, high, torch.sigmoid(options.mean + options.std * quantiles)).flip(0)


def _by_level(path: Path, high: Tensor, low: Tensor, steps: int, options: GridOptions) -> Tensor:
    o, at_low = options, path.coefficients(low)
    beyond = at_low.sigma < o.sigma_min * at_low.alpha
    number = torch.arange(steps + 1, dtype=high.dtype, device=high.device).unsqueeze(1)
    share = (number / (steps - beyond.to(high.dtype)).clamp(min=1)).clamp(max=1)
    if o.spacing == "logsnr":
        level = torch.lerp(_level(path, high, o).log(), _level(path, low, o).log(), share).exp()
    else:
        root = 1 / o.rho
        level = torch.lerp(_level(path, high, o) ** root, _level(path, low, o) ** root, share)
        level = level**o.rho
    return time_of_level(path, level)


def _level(path: Path, t: Tensor, options: GridOptions) -> Tensor:
    """rho(t), (B,), clamped to [sigma_min, sigma_max]."""
    c = path.coefficients(t)
    sigma = torch.maximum(c.sigma, options.sigma_min * c.alpha)
    return sigma / torch.maximum(c.alpha, sigma / options.sigma_max)
