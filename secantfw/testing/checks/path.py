"""Checks of a path: coefficients, their derivatives, both ends, and the points they make."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Coefficients
from secantfw.interfaces.tensors import at
from secantfw.testing.check import require
from secantfw.testing.checks.purity import Trial, purity_checks
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.subject import Subject

_NAMES = ("alpha", "sigma", "d_alpha", "d_sigma")
#: How far x at t_min may be from the data, and x at t_max from noise, in standard deviations.
END_TOLERANCE = 0.05
_DERIVATIVE_TOLERANCE = 1e-4


def check_coefficients_have_shape_and_dtype_of_t(subject: Subject) -> None:
    """alpha, sigma and their derivatives are (B,), of t's dtype, finite on [t_min, t_max]."""
    for dtype in (torch.float32, torch.float64):
        t = _times(subject.object, 7, 0.0, dtype)
        for name, value in _named(subject.object.coefficients(t)).items():
            require(value.shape == t.shape, f"{name} has shape {tuple(value.shape)} for t (7,)")
            require(value.dtype == dtype, f"{name} is {value.dtype} for t {dtype}")
            require(value.isfinite().all(), f"{name} is not finite on [t_min, t_max]")


def check_time_range_lies_in_0_1(subject: Subject) -> None:
    """0 <= t_min < t_max <= 1."""
    low, high = subject.object.t_min, subject.object.t_max
    require(0 <= low < high <= 1, f"its times run over [{low}, {high}]")


def check_derivatives_match_finite_differences(subject: Subject) -> None:
    """d_alpha and d_sigma are the derivatives of alpha and sigma."""
    path, step = subject.object, 1e-6
    t = _times(path, 101, 0.05, torch.float64)
    exact, below, above = (path.coefficients(x) for x in (t, t - step, t + step))
    for name in ("alpha", "sigma"):
        measured = (getattr(above, name) - getattr(below, name)) / (2 * step)
        said = getattr(exact, f"d_{name}")
        error = float(((said - measured).abs() / (1 + measured.abs())).max())
        require(
            error < _DERIVATIVE_TOLERANCE, f"d_{name} differs from the derivative by {error:.2g}"
        )


def check_data_at_t_min_noise_at_t_max(subject: Subject) -> None:
    """x at t_min is the data, and x at t_max the noise, within 0.05 standard deviations."""
    path = subject.object
    c = path.coefficients(_times(path, 2, 0.0, torch.float64))
    for i, name, one, none in ((0, "t_min", "alpha", "sigma"), (1, "t_max", "sigma", "alpha")):
        kept, gone = float(getattr(c, one)[i]), float(getattr(c, none)[i])
        worst = max(abs(kept - 1), abs(gone))
        require(worst < END_TOLERANCE, f"at {name} {one} = {kept:.3g}, {none} = {gone:.3g}")


def check_signal_falls_with_time(subject: Subject) -> None:
    """alpha / sigma falls from data to noise."""
    c = subject.object.coefficients(_times(subject.object, 200, 0.001, torch.float64))
    require(((c.alpha / c.sigma).diff() < 0).all(), "alpha / sigma does not fall with t")


def check_points_and_tangents_follow_the_coefficients(subject: Subject) -> None:
    """x_t = alpha x_0 + sigma z, and its tangent d_alpha x_0 + d_sigma z, in float32 and 64."""
    path = subject.object
    batch = mixture_oracle(path).batch(16, torch.Generator().manual_seed(0))
    t = _times(path, 16, 0.0, torch.float64)
    c = path.coefficients(t)
    x = at(c.alpha, batch.z) * batch.x_0 + at(c.sigma, batch.z) * batch.z
    v = at(c.d_alpha, batch.z) * batch.x_0 + at(c.d_sigma, batch.z) * batch.z
    single = attrs.evolve(batch, x_0=batch.x_0.float(), z=batch.z.float())
    for what, expected, found, short in (
        ("point", x, path.point(batch, t), path.point(single, t.float())),
        ("tangent", v, path.tangent(batch, t), path.tangent(single, t.float())),
    ):
        require(found.dtype == torch.float64, f"{what} is {found.dtype} for float64")
        require(short.dtype == torch.float32, f"{what} is {short.dtype} for float32")
        error = float((found - expected).abs().max())
        require(error < 1e-9, f"{what} differs from its formula by {error:.2g}")


def check_points_have_the_marginals_of_the_path(subject: Subject) -> None:
    """x_t of a Gaussian mixture has the distribution that alpha and sigma say."""
    path = subject.object
    oracle = mixture_oracle(path)
    batch = oracle.batch(2000, torch.Generator().manual_seed(0))
    for time in _times(path, 3, 0.1, torch.float64):
        t = time.expand(2000)
        for axis in torch.eye(3, dtype=torch.float64):
            ks = ks_uniform(oracle.marginal_cdf(path.point(batch, t), t, axis))
            require(ks < KS_LIMIT, f"points are off the marginals (KS {ks:.1f}, limit {KS_LIMIT})")


def _times(path: Path, n: int, margin: float, dtype: torch.dtype) -> Tensor:
    """n times over the range, a share `margin` of it left out at both ends."""
    low, high = path.t_min, path.t_max
    width = high - low
    return torch.linspace(low + margin * width, high - margin * width, n, dtype=dtype)


def _named(c: Coefficients) -> dict[str, Tensor]:
    return {name: getattr(c, name) for name in _NAMES}


def _trial(subject: Subject) -> Trial:
    t = _times(subject.object, 5, 0.0, torch.float64)
    batch = mixture_oracle(subject.object).batch(5, torch.Generator().manual_seed(0))

    def call() -> list[Tensor]:
        path = subject.object
        made = [path.point(batch, t), path.tangent(batch, t)]
        return [*_named(path.coefficients(t)).values(), *made]

    return Trial((t, batch.x_0, batch.z), call)


CHECKS = (
    check_coefficients_have_shape_and_dtype_of_t,
    check_time_range_lies_in_0_1,
    check_derivatives_match_finite_differences,
    check_data_at_t_min_noise_at_t_max,
    check_signal_falls_with_time,
    check_points_and_tangents_follow_the_coefficients,
    check_points_have_the_marginals_of_the_path,
    *purity_checks(_trial),
)
