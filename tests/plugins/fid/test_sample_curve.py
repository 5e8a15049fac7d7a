"""The curve of distances over 1/n: its parts are samples of the whole, whatever the labels."""

from __future__ import annotations

import pytest
import torch
from secantfw_fid.gaussian import RunningGaussian
from secantfw_fid.sample_curve import PARTS, SampleCurve, limit, parts_of


@pytest.mark.parametrize("classes", [2, 8, 10, 1000])
def test_every_part_sees_every_class_as_often(classes):
    count = 64 * PARTS * classes
    seen = torch.zeros(PARTS, classes, dtype=torch.int64)
    label = torch.arange(count) % classes
    seen.index_put_((parts_of(0, count), label), torch.tensor(1), accumulate=True)
    assert seen.min() >= 56
    assert seen.max() <= 72


def test_parts_do_not_depend_on_how_samples_are_grouped():
    assert torch.equal(torch.cat((parts_of(0, 13), parts_of(13, 50))), parts_of(0, 63))


def test_distances_of_samples_that_come_class_by_class_fall_to_the_limit():
    rng = torch.Generator().manual_seed(0)
    label = torch.arange(20000) % 10
    x = torch.randn(20000, 4, generator=rng) + 3 * torch.eye(10)[label][:, :4]
    whole = RunningGaussian(4)
    whole.add(x)
    curve = SampleCurve(4)
    for piece in x[:4000].split(250):
        curve.add(piece)
    found = curve.distances(whole.gaussian())
    assert list(found) == [500, 1000, 2000, 4000]
    assert max(found.values()) < 0.05
    assert abs(limit(found)) < 0.01
