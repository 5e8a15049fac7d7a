"""The curve of distances over 1/n: its parts are samples of the whole, whatever the labels."""

from __future__ import annotations

import pytest
import torch
from secantfw_fid.gaussian import RunningGaussian
from secantfw_fid.sample_curve import PARTS, SampleCurve, limit, parts_of


def some(count, shape):
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("shape", "levels"),
    [((2,), False), ((1, 8, 8), False), ((1, 8, 8), True)],
    ids=["points", "images", "images of 256 levels"],
)
def test_every_part_gets_its_share_of_every_class(shape, levels):
    samples = some(16000, shape)
    if levels:
        samples = (samples.clamp(-1, 1) * 127.5 + 127.5).round() / 127.5 - 1
    seen = torch.zeros(PARTS, 10, dtype=torch.int64)
    label = torch.arange(16000) % 10
    seen.index_put_((parts_of(samples), label), torch.tensor(1), accumulate=True)
    deviation = (seen - 200) / 200**0.5
    assert deviation.abs().max() < 4.5  # of 80 Poisson counts


def test_parts_depend_on_neither_order_nor_pieces():
    samples = some(63, (3, 4, 4))
    order = torch.randperm(63, generator=torch.Generator().manual_seed(2))
    assert torch.equal(parts_of(samples[order]), parts_of(samples)[order])
    assert torch.equal(torch.cat([parts_of(x) for x in samples.split(13)]), parts_of(samples))


def test_distances_of_samples_that_come_class_by_class_fall_to_the_limit():
    rng = torch.Generator().manual_seed(0)
    label = torch.arange(20000) % 10
    x = torch.randn(20000, 4, generator=rng) + 3 * torch.eye(10)[label][:, :4]
    whole = RunningGaussian(4)
    whole.add(x)
    curve = SampleCurve(4)
    for piece in x[:4000].split(250):
        curve.add(piece, piece)
    found = curve.distances(whole.gaussian())
    assert list(found) == [500, 1000, 2000, 4000]
    assert max(found.values()) < 0.05
    assert abs(limit(found)) < 0.01
