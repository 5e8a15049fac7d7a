"""Nothing twice: pictures are decoded once for all metrics, features of one network made once."""

import pytest
import torch
from secantfw_data.fashion16 import Fashion16
from secantfw_data.options import Fashion16Options
from secantfw_fid.frechet import Frechet
from secantfw_fid.inception_score import InceptionScore
from secantfw_fid.options import FrechetOptions, InceptionScoreOptions, NeighbourOptions
from secantfw_fid.pixel_frechet import PixelFrechet, PixelFrechetOptions
from secantfw_fid.precision_recall import Precision, Recall
from secantfw_fid.small_cnn import SmallCnn

from secantfw import MetricSite
from secantfw.evaluation.observing import Tally, observed

CPU = torch.device("cpu")


class Counted(Fashion16):
    """Counts what it shows as pictures."""

    shown = 0

    def to_uint8(self, x):
        self.shown += len(x)
        return super().to_uint8(x)


@pytest.fixture
def metrics():
    site = MetricSite(Counted(Fashion16Options()), CPU)
    options = NeighbourOptions(reference_samples=100)
    return [
        Frechet(FrechetOptions(), site),
        PixelFrechet(PixelFrechetOptions(), site),
        Precision(options, site),
        Recall(options, site),
        InceptionScore(InceptionScoreOptions(), site),
    ]


def test_pictures_and_features_of_a_block_are_made_once(metrics, monkeypatch):
    data, original, seen = metrics[0]._dataset, SmallCnn.features, []
    x = data.items("train", torch.arange(50)).x_0
    data.shown = 0

    def counted(net, pixels):
        seen.append(len(pixels))
        return original(net, pixels)

    monkeypatch.setattr(SmallCnn, "features", counted)
    block = observed(metrics, x, None, 20)
    assert data.shown == 50
    assert seen == [20, 20, 10]  # for three metrics
    assert len(block) == 4  # features, pixels, parts of the curve, guesses


def test_blocks_give_the_numbers_that_samples_give(metrics):
    x = metrics[0]._dataset.items("test", torch.arange(60)).x_0
    tallies = [Tally(metric, 20, CPU) for metric in metrics]
    for part in x.split(20):
        block = observed(metrics, part, None, 20)
        for tally in tallies:
            tally.take(block)
    for metric, tally in zip(metrics, tallies, strict=True):
        row = metric.accumulator()
        for part in x.split(20):
            row.update(part, None)
        assert tally.value() == row.value()
        assert tally.details() == row.details()


def test_held_out_features_are_made_once_and_not_at_all_beside_statistics(metrics, monkeypatch):
    frechet, precision = metrics[0], metrics[2]
    frechet.floor()
    monkeypatch.setattr(SmallCnn, "features", None)
    frechet.floor()
    assert frechet.space is precision.space
    precision._neighbours.held_out()
    monkeypatch.setattr(
        frechet, "_options", FrechetOptions(features="inception", statistics="adm.npz")
    )
    monkeypatch.setattr(frechet.space, "of_held_out", None)
    assert frechet.floor() is None
