"""The curve of distances over 1/n: its parts are samples of the whole, whatever the labels."""

from __future__ import annotations

import pytest
import torch
from secantfw_fid.extrapolation import extrapolated
from secantfw_fid.gaussian import Gaussian, RunningGaussian
from secantfw_fid.sample_curve import PARTS, SampleCurve, parts_of


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


def curve_of(samples, dimension):
    curve = SampleCurve(dimension)
    for piece in samples.split(250):
        curve.add(parts_of(piece), piece)
    return curve


def test_distances_of_samples_that_come_class_by_class_fall_to_the_limit():
    rng = torch.Generator().manual_seed(0)
    label = torch.arange(40000) % 10
    x = torch.randn(40000, 4, generator=rng) + 3 * torch.eye(10)[label][:, :4]
    whole = RunningGaussian(4)
    whole.add(x)
    groups = curve_of(x[:8000], 4).groups(whole.gaussian())
    assert {n: len(found) for n, found in groups.items()} == {1000: 8, 2000: 4, 4000: 2, 8000: 1}
    assert max(map(max, groups.values())) < 0.05
    assert abs(extrapolated(groups).limit) < 0.01


def test_the_interval_has_the_limit_in_it_as_often_as_it_says():
    """Of N(1/4, 1.1^2) in 4 dimensions against N(0, 1): the limit is 4 (1/16 + 1/100)."""
    rng, truth = torch.Generator().manual_seed(0), 4 * (0.25**2 + 0.1**2)
    reference = Gaussian(torch.zeros(4).double(), torch.eye(4).double(), 10**9)
    inside, widths = 0, []
    for _ in range(100):
        x = 0.25 + 1.1 * torch.randn(8100, 4, generator=rng)
        low, high = extrapolated(curve_of(x, 4).groups(reference)).interval
        inside += low < truth < high
        widths.append(high - low)
    assert inside >= 90
    assert max(widths) < 0.5 * truth


def test_an_exact_line_has_a_narrow_interval_and_few_or_small_sizes_no_limit():
    groups = {n: [0.5 + 30 / n] * (8000 // n) for n in (1000, 2000, 4000, 8000)}
    found = extrapolated(groups)
    assert found.limit == pytest.approx(0.5)
    assert found.interval == pytest.approx((0.5, 0.5))
    assert extrapolated({n: groups[n] for n in (2000, 4000, 8000)}) is None
    assert extrapolated({n - 1: found for n, found in groups.items()}) is None
    assert extrapolated({n: found[:1] for n, found in groups.items()}) is None
    assert extrapolated({}) is None


def test_scatter_about_the_line_and_between_groups_both_widen_the_interval():
    line = {n: [0.5 + 30 / n] * (8000 // n) for n in (1000, 2000, 4000, 8000)}
    bent = {**line, 4000: [0.6, 0.6]}
    spread = {**line, 1000: [0.53 + d for d in (-0.1, 0.1) * 4]}
    assert extrapolated(spread).limit == pytest.approx(0.5)
    half = extrapolated(spread).interval[1] - 0.5
    assert half == pytest.approx(2.365 * 0.1 * (8 / 7) ** 0.5 / 8**0.5, rel=1e-3)
    low, high = extrapolated(bent).interval
    assert high - low > 0.1
