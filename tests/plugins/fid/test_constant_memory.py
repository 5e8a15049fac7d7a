"""Metrics of a stream of samples: their memory does not grow with the number of samples."""

from pathlib import Path

import pytest
import torch
from secantfw_data.fashion16 import Fashion16
from secantfw_data.options import Fashion16Options
from secantfw_fid.frechet import Frechet
from secantfw_fid.options import FrechetOptions

from secantfw import MetricSite

STATM = Path("/proc/self/statm")


def megabytes():
    return int(STATM.read_text().split()[1]) * 4096 / 2**20


@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
@pytest.mark.parametrize("n", [5_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_the_frechet_distance_of_many_pictures_takes_constant_memory(n):
    """The pictures alone would take 1 kB each: 4 MB, or 49 MB."""
    data = Fashion16(Fashion16Options())
    row = Frechet(FrechetOptions(), MetricSite(data, torch.device("cpu"))).accumulator()
    rng, seen = torch.Generator().manual_seed(0), []
    for _ in range(n // 250):
        row.update(torch.randn(250, 1, 16, 16, generator=rng), None)
        seen.append(megabytes())
    assert row.value() > 0
    assert max(seen) - max(seen[: 1000 // 250]) < 3
