"""The SDE whose marginals are those of the path, and the steps that its solvers share.

Over a step of length h > 0 in the direction of the solve, sign = -1 towards the data:

    dx = drift h + sqrt(2 D h) z,     drift = sign v + D score,     z ~ N(0, 1)

with any D(t) >= 0 (arXiv:2401.08740, 2011.13456): D = 0 is the ODE. At the noisy end the score is
finite, at t = 0 it is not, which is why the last step, of a length of its own, draws no noise.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw import (
    Cond,
    Field,
    Path,
    UserError,
    at,
    data_from_velocity,
    noising,
    score_from_velocity,
)
from secantfw_solvers.options import Diffusion, SDEOptions

_NOTHING = 1e-6


def diffusion(path: Path, t: Tensor, form: Diffusion, norm: float) -> Tensor:
    """D(t), (B,)."""
    if form == "constant":
        return torch.full_like(t, norm)
    if form == "sigma":
        return norm * path.coefficients(t).sigma
    if form == "linear":
        return norm * t
    if form == "decreasing":  # as sampling goes on
        return 0.25 * (1 - norm * torch.cos(math.pi * t)).square()
    if form == "increasing_decreasing":
        return norm * torch.sin(math.pi * t).square()
    return norm * noising(path, t).diffusion  # sbdm: the noising process run backwards


@attrs.frozen(eq=False)
class Process:
    """The SDE of a field between t and s, (B,) each."""

    field: Field
    cond: Cond
    options: SDEOptions
    sign: Tensor  # (B,) of s - t

    def drift(self, x: Tensor, t: Tensor) -> Tensor:
        """sign v + D score, (B, *)."""
        v = self.field.tangent(x, t, self.cond)
        score = score_from_velocity(self.field.path, x, t, v)
        return at(self.sign, x) * v + at(self.diffusion(t), x) * score

    def diffusion(self, t: Tensor) -> Tensor:
        """D(t), (B,)."""
        return diffusion(self.field.path, t, self.options.diffusion, self.options.norm)

    def noise(self, x: Tensor, t: Tensor, h: Tensor, rng: torch.Generator) -> Tensor:
        """sqrt(2 D h) z, (B, *), z drawn in the shape of x."""
        z = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
        return at((2 * self.diffusion(t) * h).sqrt(), x) * z

    def last_step(self, x: Tensor, t: Tensor, h: Tensor) -> Tensor:
        """From t over the last length h, (B,), without noise; (B, *)."""
        kind = self.options.last_step
        if kind == "mean":
            return torch.addcmul(x, at(h, x), self.drift(x, t))
        v = self.field.tangent(x, t, self.cond)
        along = torch.addcmul(x, at(self.sign * h, x), v)
        if kind == "euler":
            return along
        mean = data_from_velocity(self.field.path, x, t, v)
        return torch.where(at((self.sign < 0) & (h > 0), x), mean, along)


@attrs.frozen(eq=False)
class Schedule:
    """`times` of the M steps with noise and of the last one, M + 1 of (B,); `h` (B,) the length of
    the former, `last` that of the last step, None where there is none.
    """

    times: tuple[Tensor, ...]
    h: Tensor
    last: Tensor | None


def schedule(t: Tensor, s: Tensor, steps: int, options: SDEOptions) -> Schedule:
    """M = N - 1 equal steps, then one of `last_step_size`; with N = 1 that is all there is."""
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")
    length = (s - t).abs()
    last, noisy = None, steps
    if options.last_step != "none":
        noisy = steps - 1
        last = length.clamp(max=options.last_step_size) if noisy else length
        s = s - torch.sign(s - t) * last
        length = length - last
    share = torch.linspace(0, 1, max(noisy, 1) + 1, dtype=t.dtype, device=t.device)
    times = torch.lerp(t, s, share.unsqueeze(1)).unbind(0) if noisy else (t,)
    return Schedule(times, length / max(noisy, 1), last)


def check_solvable(path: Path, options: SDEOptions, asks_at_the_end: bool) -> None:
    """Refuse what would be infinite at an end of the path's range."""
    ends = torch.tensor([path.t_min, path.t_max], dtype=torch.float64, device="cpu")
    c = path.coefficients(ends)
    if options.diffusion == "sbdm" and float(c.alpha[1]) < _NOTHING:
        raise UserError(
            f"diffusion 'sbdm' is infinite at t = {path.t_max:g}; set path.t_max = 0.999, "
            "as SiT does"
        )
    if asks_at_the_end and options.last_step == "none" and float(c.sigma[0]) < _NOTHING:
        raise UserError(
            f"the score is infinite at t = {path.t_min:g}, where this solver needs it without a "
            "last_step; set one, or path.t_min = 0.001"
        )


def begin(
    field: Field, t: Tensor, s: Tensor, cond: Cond, options: SDEOptions, asks_at_the_end: bool
) -> Process:
    """The process of a solve, after `check_solvable`."""
    check_solvable(field.path, options, asks_at_the_end)
    return Process(field, cond, options, torch.sign(s - t))


def generator(rng: torch.Generator | None) -> torch.Generator:
    """rng, which a stochastic solver cannot do without."""
    if rng is None:
        raise UserError("this solver draws noise: it needs a generator")
    return rng
