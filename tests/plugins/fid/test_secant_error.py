"""The grid of secant errors: each bin has the mean of its own points."""

import pytest
import torch
from secantfw_fid.options import SecantErrorOptions
from secantfw_fid.secant_error import SecantError

from secantfw import SecantPair


def test_each_bin_has_the_mean_square_of_its_points():
    asked = []

    def pairs(t, s):
        asked.append((t, s))
        true = torch.zeros(len(t), 3, 2)
        return SecantPair(true + (t + 10 * s).view(-1, 1, 1), true)

    found = SecantError(SecantErrorOptions(bins=4, per_bin=500), None).measure(pairs)
    ((t, s),) = asked
    assert (t - s >= 0.05 / 4 - 1e-6).all()
    assert found["t_edges"] == found["s_edges"] == [0, 0.25, 0.5, 0.75, 1]
    inside = (t // 0.25 == 3) & (s // 0.25 == 1)
    assert found["error"][3][1] == pytest.approx(float((t + 10 * s)[inside].square().mean()), 1e-4)
    assert found["error"][1][3] is None
    assert found["mean"] == pytest.approx(float((t + 10 * s).square().mean()), rel=1e-4)
