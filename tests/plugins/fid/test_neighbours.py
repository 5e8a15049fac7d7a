"""Precision falls for blurred samples, recall for dropped modes; energy and Wasserstein in
closed form; the limit of infinitely many samples."""

import math

import pytest
import torch
from secantfw_fid.energy_distance import EnergyDistance
from secantfw_fid.frechet import Frechet
from secantfw_fid.frechet_infinity import FrechetInfinity
from secantfw_fid.options import (
    EnergyDistanceOptions,
    FrechetOptions,
    NeighbourOptions,
    SlicedWassersteinOptions,
)
from secantfw_fid.precision_recall import Coverage, Density, Precision, Recall
from secantfw_fid.sliced_wasserstein import SlicedWasserstein, squared_distances

from secantfw import Dataset, DataSpec, Items, MetricSite

MODES, N = 8, 800
CPU = torch.device("cpu")


def ring(n, seed, modes=MODES, std=0.1):
    """Gaussians on a circle of radius 2."""
    rng = torch.Generator().manual_seed(seed)
    angle = 2 * math.pi * (torch.arange(n) % modes) / MODES
    centres = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    return centres + std * torch.randn(n, 2, generator=rng)


class Points(Dataset):
    def __init__(self, x):
        self.x, self.spec = x, DataSpec(tuple(x.shape[1:]))

    def size(self, split):
        return len(self.x) if split == "train" else 0

    def items(self, split, index):
        return Items(self.x[index])


def value(kind, options, data, x):
    row = kind(options, MetricSite(Points(data), CPU)).accumulator()
    for part in x.split(300):
        row.update(part, None)
    return row.value()


@pytest.fixture(scope="module")
def four():
    """The four numbers of samples against the ring."""
    options, data = NeighbourOptions(), ring(N, 0)

    def measured(x):
        kinds = {"p": Precision, "r": Recall, "d": Density, "c": Coverage}
        return {name: value(kind, options, data, x) for name, kind in kinds.items()}

    return measured


def test_dropped_modes_cost_recall_and_coverage_only(four):
    fair, dropped = four(ring(N, 1)), four(ring(N, 1, modes=4))
    assert min(fair.values()) > 0.9
    assert dropped["r"] == pytest.approx(0.5, abs=0.03)  # half of the data
    assert dropped["c"] == pytest.approx(0.5, abs=0.03)
    assert dropped["p"] > 0.95
    assert dropped["d"] > 0.9


def test_blurred_modes_cost_precision_and_density_only(four):
    blurred = four(ring(N, 1, std=0.4))
    assert blurred["p"] < 0.6
    assert blurred["d"] < 0.5
    assert blurred["r"] > 0.95


def test_the_blocks_of_distances_change_nothing(four, monkeypatch):
    whole = four(ring(N, 1))
    monkeypatch.setattr("secantfw_fid.neighbours._BLOCK", 37)
    assert four(ring(N, 1)) == whole


def test_radii_by_hand():
    from secantfw_fid.neighbours import inside, radii

    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    assert radii(x, 1).tolist() == [1, 1, 2, 4]
    assert radii(x, 2).tolist() == [3, 2, 3, 6]
    assert inside(torch.tensor([[2.0], [20.0]]), x, radii(x, 1)).tolist() == [2, 0]


def test_sliced_wasserstein_of_a_shift_and_of_unequal_numbers():
    """A shift m: W_2^2 along u is (m . u)^2, whose mean over directions is |m|^2 / d."""
    data, shift = ring(500, 0), torch.tensor([0.3, -0.4])
    options = SlicedWassersteinOptions(projections=2000)
    assert value(SlicedWasserstein, options, data, data + shift) == pytest.approx(
        math.sqrt(0.25 / 2), rel=0.02
    )
    assert value(SlicedWasserstein, options, data, data) == 0
    import numpy as np

    x, y = np.array([[0.0], [1.0]]), np.array([[0.0], [0.0], [3.0]])
    # Quantiles 0|1 at 1/2, 0|3 at 2/3: the pairs (0,0), (1,0), (1,3) weigh 1/2, 1/6, 1/3.
    assert squared_distances(x, y) == pytest.approx([1 / 6 + 4 / 3])


def test_energy_distance_of_two_points():
    """2 |a - b| for one point each; the same set has none."""
    one, other = torch.zeros(2, 3), torch.tensor([[3.0, 4.0, 0.0]])
    assert value(EnergyDistance, EnergyDistanceOptions(), one, other) == pytest.approx(10)
    assert value(EnergyDistance, EnergyDistanceOptions(), ring(9, 0), ring(9, 0)) == 0
    near, far = (ring(N, 1) + 0.1 * k for k in (1, 5))
    data = ring(N, 0)
    closer = value(EnergyDistance, EnergyDistanceOptions(), data, near)
    assert closer < value(EnergyDistance, EnergyDistanceOptions(), data, far)


def test_the_limit_of_many_samples_has_no_bias():
    """Samples of the data's own law: FID(n) is about c / n above the limit, which is 0."""
    rng = torch.Generator().manual_seed(0)
    data = torch.randn(200_000, 16, generator=rng)
    options = FrechetOptions(features="identity")
    metric = FrechetInfinity(options, MetricSite(Points(data), CPU))
    limits, plain = [], []
    for _ in range(8):
        x = torch.randn(8000, 16, generator=rng)
        row = metric.accumulator()
        for part in x.split([7, 4293, 3700]):
            row.update(part, None)
        limits.append(row.value())
        plain.append(value(Frechet, options, data[:20000], x))
    curve = row.details()
    assert curve["samples"] == [1000, 2000, 4000, 8000]
    assert metric.least_samples == 8000
    assert curve["interval"][0] < row.value() < curve["interval"][1]
    assert curve["frechet_distance"] == sorted(curve["frechet_distance"], reverse=True)
    bias, left = sum(plain) / 8, sum(limits) / 8
    assert bias > 0.008
    assert abs(left) < 0.2 * bias
    whole = metric.accumulator()
    whole.update(x, None)
    assert whole.value() == pytest.approx(row.value(), rel=1e-9)
    few = metric.accumulator()
    few.update(x[:7999], None)
    assert math.isnan(few.value())
    assert "interval" not in few.details()
