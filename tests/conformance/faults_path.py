"""Seeded bugs of a path."""

from __future__ import annotations

import attrs
import torch
from faults import faults_of
from sound import SoundPath

from secantfw import Coefficients


class SignOfDerivative(SoundPath):
    def coefficients(self, t):
        c = super().coefficients(t)
        return attrs.evolve(c, d_alpha=-c.d_alpha)


class HalfDerivative(SoundPath):
    def coefficients(self, t):
        c = super().coefficients(t)
        return attrs.evolve(c, d_sigma=0.5 * c.d_sigma)


class SwappedEnds(SoundPath):
    def coefficients(self, t):
        one = torch.ones_like(t)
        return Coefficients(t, 1 - t, one, -one)


class NoNoiseLeft(SoundPath):
    def coefficients(self, t):
        one = torch.ones_like(t)
        return Coefficients(1 - 0.8 * t, 0.8 * t, -0.8 * one, 0.8 * one)


class SwappedPoint(SoundPath):
    def point(self, batch, t):
        return super().point(attrs.evolve(batch, x_0=batch.z, z=batch.x_0), t)


class TangentOfWrongSign(SoundPath):
    def tangent(self, batch, t):
        return batch.x_0 - batch.z


class Float32Coefficients(SoundPath):
    def coefficients(self, t):
        return super().coefficients(t.float())


class Float32Point(SoundPath):
    def point(self, batch, t):
        return super().point(batch, t).float().to(t.dtype)


class InfiniteDerivative(SoundPath):
    def coefficients(self, t):
        one = torch.ones_like(t)
        return Coefficients(1 - t, t.sqrt(), -one, 0.5 / t.sqrt())


class EditsTime(SoundPath):
    def coefficients(self, t):
        return super().coefficients(t.clamp_(0.2, 0.8))


class Jitter(SoundPath):
    def point(self, batch, t):
        return super().point(batch, t) + 1e-12 * torch.randn_like(batch.z)


class ScalarCoefficients(SoundPath):
    def coefficients(self, t):
        c = super().coefficients(t)
        return attrs.evolve(c, d_sigma=torch.ones((), dtype=t.dtype))


FAULTS = faults_of(
    "path", "faults_path",
    ("SignOfDerivative", "sign of d_alpha", "check_derivatives_match_finite_differences"),
    ("HalfDerivative", "half of d_sigma", "check_derivatives_match_finite_differences"),
    ("SwappedEnds", "swapped ends", "check_data_at_t_min_noise_at_t_max"),
    ("NoNoiseLeft", "data left at t_max", "check_data_at_t_min_noise_at_t_max"),
    ("SwappedPoint", "data and noise exchanged in x_t",
     "check_points_have_the_marginals_of_the_path"),
    ("TangentOfWrongSign", "tangent of the wrong sign",
     "check_points_and_tangents_follow_the_coefficients"),
    ("Float32Coefficients", "float64 lost in the coefficients",
     "check_coefficients_have_shape_and_dtype_of_t"),
    ("Float32Point", "float64 lost in the point",
     "check_points_and_tangents_follow_the_coefficients"),
    ("InfiniteDerivative", "infinite derivative inside [t_min, t_max]",
     "check_coefficients_have_shape_and_dtype_of_t"),
    ("EditsTime", "edits t in place", "check_inputs_are_left_alone"),
    ("Jitter", "global RNG used", "check_same_generator_same_result"),
    ("ScalarCoefficients", "a coefficient without the batch axis",
     "check_coefficients_have_shape_and_dtype_of_t"),
)  # fmt: skip
