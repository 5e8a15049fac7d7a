"""The adaptive solver: as exact as it is told to be, inside the path's range."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_solvers.dopri5 import Dopri5
from secantfw_solvers.options import Dopri5Options

from secantfw import Cond
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.oracle_field import OracleField
from secantfw.testing.reference_paths import ShortenedLine

OPTIONS = Dopri5Options(rtol=1e-8, atol=1e-8)


def _solve(options, steps=1):
    oracle = attrs.evolve(mixture_oracle(ShortenedLine()), substeps=400)
    t = torch.tensor([0.9, 0.9, 0.4, 0.3], dtype=torch.float64)
    s = torch.tensor([0.1, 0.5, 0.4, 0.8], dtype=torch.float64)
    x = oracle.path.point(oracle.batch(4, torch.Generator().manual_seed(0)), t)
    field = OracleField(oracle, has_secants=False)
    found = Dopri5(options).solve(field, x, t, s, steps, Cond())
    return field, float((found - oracle.trajectory(x, t, s)).abs().max())


def test_its_error_follows_its_tolerance():
    errors = [_solve(attrs.evolve(OPTIONS, rtol=r, atol=r))[1] for r in (1e-4, 1e-6, 1e-8)]
    assert errors[2] < 1e-7 < 1e-5 < errors[0] < 1e-2
    assert errors[2] < errors[1] / 10 < errors[0] / 100


def test_it_ends_where_it_is_told_to_and_not_beyond():
    field, _ = _solve(OPTIONS)
    assert field.times().min() >= 0.1
    assert field.times().max() <= 0.9
    assert torch.isclose(field.times().min(), torch.tensor(0.1, dtype=torch.float64))
    beyond, error = _solve(attrs.evolve(OPTIONS, end="interpolated"))
    assert beyond.times().min() < 0.1  # as SiT samples
    assert error < 1e-6


@pytest.mark.parametrize("steps", [1, 7])
def test_steps_are_the_least_it_takes(steps):
    loose = Dopri5Options(rtol=10.0, atol=10.0)
    field, _ = _solve(loose, steps)
    assert len(field.calls) >= Dopri5(loose).evaluations(steps) == 2 + 6 * steps
    assert len(field.calls) <= 2 + 6 * (steps + 3)
