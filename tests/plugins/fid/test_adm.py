"""FID and Inception score as ADM's evaluation has them: statistics by path, resizing inside."""

import math

import numpy as np
import pytest
import torch
from secantfw_data.arrays import Arrays
from secantfw_data.options import ArraysOptions
from secantfw_fid.frechet import Frechet
from secantfw_fid.inception_network import NAME
from secantfw_fid.inception_score import InceptionScore
from secantfw_fid.options import FrechetOptions, InceptionScoreOptions

from secantfw import MetricSite, UserError

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
CPU = torch.device("cpu")


class FakeInception(torch.nn.Module):
    """The file's interface: pictures (n, 3, h, w) in 0..255, resized and normalised inside.

    The features repeat the mean colour; the classes are told by the mean of the first channel.
    """

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Identity()

    def forward(self, x, return_features: bool = False, no_output_bias: bool = False):
        mean = x.float().mean((2, 3))
        if return_features:
            return mean.repeat(1, 683)[:, :2048]
        logits = torch.zeros(len(x), 4)
        logits[:, 0] = mean[:, 0] / 32
        if not no_output_bias:
            logits[:, 1] = 50.0
        return logits.softmax(1)


@pytest.fixture
def weights(tmp_path):
    pytest.importorskip("cleanfid")
    torch.jit.script(FakeInception()).save(str(tmp_path / NAME))
    return str(tmp_path / NAME)


@pytest.fixture
def site(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "rgb.npz", x=pixels)
    return MetricSite(Arrays(ArraysOptions(file=str(tmp_path / "rgb.npz"))), CPU)


def statistics(tmp_path, **arrays):
    file = tmp_path / "VIRTUAL_imagenet256_labeled.npz"
    np.savez(file, **arrays)
    return str(file)


def frechet(site, weights, file):
    options = FrechetOptions(features="inception", weights=weights, statistics=file)
    return Frechet(options, site)


def test_the_distance_is_to_the_statistics_of_the_file(site, weights, tmp_path):
    x = site.dataset.items("train", torch.arange(40)).x_0
    pixels = site.dataset.to_uint8(x).double().mean((1, 2)).repeat(1, 683)[:, :2048]
    mu, sigma = pixels.mean(0).numpy(), np.cov(pixels.numpy(), rowvar=False)
    values = []
    for shift in (3.0, 2.0):
        mu[5] += shift
        file = statistics(tmp_path, mu=mu, sigma=sigma, arr_0=np.zeros((2, 4, 4, 3), np.uint8))
        row = frechet(site, weights, file).accumulator()
        row.update(x, None)
        values.append(row.value())
    # The covariance has rank 3, and the roots of its zero eigenvalues add up: the same in both.
    assert values[1] - values[0] == pytest.approx(5.0**2 - 3.0**2, rel=1e-4)
    assert values[0] == pytest.approx(9.0, abs=0.5)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"mu": np.zeros(2048)}, r"has no sigma \(it has mu\)"),
        ({"arr_0": np.zeros((2, 4, 4, 3), np.uint8)}, r"has no mu and sigma \(it has arr_0\)"),
        ({"mu": np.full(2048, "a"), "sigma": np.eye(2048)}, "cannot be read .*float"),
        ({"mu": np.zeros(2048), "sigma": np.tri(2048)}, "sigma is not symmetric"),
        ({"mu": np.zeros(3), "sigma": np.eye(3)}, r"mu \(3,\) and sigma \(3, 3\), expected"),
        ({"mu": np.array({}), "sigma": np.eye(3)}, "cannot be read .*allow_pickle"),
        ({"mu": np.full(2048, np.nan), "sigma": np.eye(2048)}, "not finite"),
    ],
)
def test_other_statistics_are_refused(site, weights, tmp_path, arrays, said):
    with pytest.raises(UserError, match=rf"VIRTUAL_imagenet256_labeled\.npz.*{said}") as error:
        frechet(site, weights, statistics(tmp_path, **arrays))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04", b"\x80\x04N.", b"\x93NUMPY"])
def test_files_that_are_no_npz_are_refused(site, weights, tmp_path, content):
    (tmp_path / "cifar10-32x32.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"cifar10-32x32\.npz: cannot be read") as error:
        frechet(site, weights, str(tmp_path / "cifar10-32x32.npz"))
    assert "\n" not in str(error.value)


def test_an_array_alone_holds_no_statistics(site, weights, tmp_path):
    np.save(tmp_path / "mu.npy", np.zeros(2048))
    with pytest.raises(UserError, match="one array, expected an npz with mu and sigma"):
        frechet(site, weights, str(tmp_path / "mu.npy"))


def test_the_inception_score_is_its_formula_over_parts(site, weights):
    """Against the formula by hand, in uneven pieces; without the output's bias."""
    metric = InceptionScore(InceptionScoreOptions(weights=weights, part=16), site)
    levels = torch.linspace(-1, 1, 40)
    x = levels.view(-1, 1, 1, 1).expand(-1, 3, 8, 8)
    row = metric.accumulator()
    for piece in x.split([1, 20, 12, 7]):
        row.update(piece, None)
    value = site.dataset.to_uint8(x).double()[:, 0, 0, 0]
    p = torch.nn.functional.pad(value[:, None] / 32, (0, 3)).softmax(1)
    scores = [(q * (q / q.mean(0)).log()).sum(1).mean().exp() for q in p.split(16)]
    assert row.value() == pytest.approx(float(sum(scores) / 3), rel=1e-5)
    assert row.value() > 1.02
    assert math.isnan(metric.accumulator().value())


def test_a_missing_network_says_where_to_get_it(site, tmp_path):
    options = InceptionScoreOptions(weights=str(tmp_path / "none" / NAME))
    with pytest.raises(UserError, match=rf"{NAME} is missing; get https://"):
        InceptionScore(options, site)
