"""The embedded feature network: what its note claims, and that it tells good pictures from bad."""

import hashlib

import pytest
import torch
from secantfw_data.arrays import Arrays
from secantfw_data.fashion16 import Fashion16
from secantfw_data.options import ArraysOptions, Fashion16Options
from secantfw_fid.fashion16_features import ASSETS, REFERENCE, WEIGHTS, Fashion16Features
from secantfw_fid.frechet import Frechet
from secantfw_fid.options import FrechetOptions
from secantfw_fid.small_cnn import SmallCnn

from secantfw import MetricSite, load_weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data():
    return Fashion16(Fashion16Options())


@pytest.fixture(scope="module")
def test_items(data):
    return data.items("test", torch.arange(5000))


@pytest.fixture(scope="module")
def metric(data):
    return Frechet(FrechetOptions(), MetricSite(data, CPU))


def distance(metric, x):
    row = metric.accumulator()
    row.update(x, None)
    return row.value()


def test_files_have_the_sha256_of_the_note():
    note = (ASSETS / "README.md").read_text()
    for file in (WEIGHTS, REFERENCE):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in note
        assert f"{file.stat().st_size:,}" in note


@torch.no_grad()
def test_classifies_nine_tenths_of_the_held_out_pictures(test_items):
    net = SmallCnn().eval()
    net.load_state_dict(load_weights(WEIGHTS))
    guess = torch.cat([net(part).argmax(1) for part in test_items.x_0.split(500)])
    assert (guess == test_items.label).float().mean() >= 0.90


@torch.no_grad()
def test_stored_reference_is_that_of_the_training_split(data):
    """On the first 6,000 of the 30,000: the mean to its standard error, and the variances."""
    space = Fashion16Features(data, CPU)
    reference = space.stored_reference(data)
    assert reference.count == 30_000
    index = torch.arange(6000)
    found = torch.cat(
        [space.features(data.items("train", i).x_0) for i in index.split(500)]
    ).double()
    assert ((found.mean(0) - reference.mean).abs() < 4.5 / 6000**0.5).all()
    torch.testing.assert_close(found.var(0), reference.covariance.diagonal(), rtol=0.15, atol=0)
    torch.testing.assert_close(
        reference.covariance.diagonal(), torch.ones(64, dtype=torch.float64), rtol=0.01, atol=0
    )


def test_other_pictures_of_the_same_shape_get_a_reference_of_their_own(tmp_path, data):
    import numpy as np

    np.savez(tmp_path / "x.npz", x=np.zeros((5, 16, 16), np.uint8))
    other = Arrays(ArraysOptions(file=str(tmp_path / "x.npz")))
    assert Fashion16Features(other, CPU).stored_reference(other) is None


def test_distance_grows_with_blur_noise_and_missing_classes(metric, test_items):
    x = test_items.x_0[:2500]
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(x.shape, generator=rng)
    blurred = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    clean = distance(metric, x)
    little, much = distance(metric, x + 0.05 * noise), distance(metric, x + 0.5 * noise)
    assert clean < little < much
    assert distance(metric, blurred) > 4 * clean
    assert distance(metric, test_items.x_0[test_items.label < 9][:2500]) > 2 * clean


def test_samples_are_rounded_to_pixels_before_they_are_measured(metric, test_items):
    """A shift far below half a grey level changes nothing; beyond white is white."""
    x = test_items.x_0[:500]
    assert distance(metric, x + 0.001) == distance(metric, x)
    assert distance(metric, torch.where(x > 0.99, 5.0, x)) == pytest.approx(
        distance(metric, torch.where(x > 0.99, 1.0, x)), rel=1e-12
    )


def test_features_of_a_picture_do_not_depend_on_its_batch(data, test_items):
    space = Fashion16Features(data, CPU)
    with torch.no_grad():
        together, alone = space.features(test_items.x_0[:8]), space.features(test_items.x_0[3:4])
    torch.testing.assert_close(together[3:4], alone, rtol=1e-4, atol=1e-4)
