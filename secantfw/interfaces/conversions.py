"""One model, said as velocity, noise, score or data; and the noising process of a path.

With the means x_0, z of data and noise given x_t, and W = alpha d_sigma - d_alpha sigma > 0:

    x_t = alpha x_0 + sigma z             v     = d_alpha x_0 + d_sigma z
    z   = (alpha v - d_alpha x_t) / W     x_0   = (d_sigma x_t - sigma v) / W
    v   = rate x_t + (W / alpha) z        score = -z / sigma      (the gradient of log p_t)

Data become noise by dx = rate x dt + sqrt(2 diffusion) dB with rate = d_alpha / alpha and
diffusion = sigma W / alpha, so that v = rate x_t - diffusion score (arXiv:2401.08740).

Shapes: x, v, noise, score and data (B, *); t (B,). rate and diffusion are infinite where alpha
is 0, at pure noise; the score is where sigma is 0, at the data.
"""

from __future__ import annotations

import attrs
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Coefficients
from secantfw.interfaces.tensors import at


@attrs.frozen(eq=False)
class Noising:
    """rate and diffusion at times t, (B,) each: dx = rate x dt + sqrt(2 diffusion) dB."""

    rate: Tensor
    diffusion: Tensor


def noising(path: Path, t: Tensor) -> Noising:
    """The process that turns data into noise along the path."""
    c = path.coefficients(t)
    return Noising(rate=c.d_alpha / c.alpha, diffusion=c.sigma * _wronskian(c) / c.alpha)


def velocity_from_noise(path: Path, x: Tensor, t: Tensor, noise: Tensor) -> Tensor:
    """v = rate x + (W / alpha) z, (B, *)."""
    c = path.coefficients(t)
    return at(c.d_alpha / c.alpha, x) * x + at(_wronskian(c) / c.alpha, x) * noise


def velocity_from_score(path: Path, x: Tensor, t: Tensor, score: Tensor) -> Tensor:
    """v = rate x - diffusion score, (B, *)."""
    process = noising(path, t)
    return at(process.rate, x) * x - at(process.diffusion, x) * score


def noise_from_velocity(path: Path, x: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """z = (alpha v - d_alpha x) / W, (B, *)."""
    c = path.coefficients(t)
    w = _wronskian(c)
    return at(c.alpha / w, x) * v - at(c.d_alpha / w, x) * x


def score_from_velocity(path: Path, x: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """score = -z / sigma, (B, *)."""
    return score_from_noise(path, t, noise_from_velocity(path, x, t, v))


def score_from_noise(path: Path, t: Tensor, noise: Tensor) -> Tensor:
    """score = -z / sigma, (B, *)."""
    return -noise / at(path.coefficients(t).sigma, noise)


def data_from_velocity(path: Path, x: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """x_0 = (d_sigma x - sigma v) / W, (B, *): Tweedie's formula."""
    c = path.coefficients(t)
    w = _wronskian(c)
    return at(c.d_sigma / w, x) * x - at(c.sigma / w, x) * v


def _wronskian(c: Coefficients) -> Tensor:
    """W = alpha d_sigma - d_alpha sigma, (B,)."""
    return c.alpha * c.d_sigma - c.d_alpha * c.sigma
