"""The metrics as a run uses them."""

import math
import subprocess
import sys

import pytest
import torch
from secantfw_data.arrays import Arrays
from secantfw_data.gaussian_mixture import GaussianMixture
from secantfw_data.options import ArraysOptions, GaussianMixtureOptions
from secantfw_fid.frechet import Frechet
from secantfw_fid.inception_network import NAME
from secantfw_fid.options import FrechetOptions, TrajectoryOptions
from secantfw_fid.trajectory import Trajectory

from secantfw import Dataset, DataSpec, Items, MetricSite, UserError

CPU = torch.device("cpu")


def site(dataset):
    return MetricSite(dataset, CPU)


@pytest.fixture(scope="module")
def ring():
    return GaussianMixture(GaussianMixtureOptions(size=4000, held_out=1000))


@pytest.fixture
def rgb(tmp_path):
    file = tmp_path / "rgb.npz"
    import numpy as np

    pixels = np.random.default_rng(0).integers(0, 256, (12, 3, 8, 8), dtype=np.uint8)
    np.savez(file, x=pixels)
    return Arrays(ArraysOptions(file=str(file), held_out_fraction=0.25))


def value(metric, samples):
    row = metric.accumulator()
    row.update(samples, None)
    return row.value()


def test_identity_features_measure_a_shift_of_vectors(ring):
    metric = Frechet(FrechetOptions(), site(ring))
    x = ring.items("train", torch.arange(4000)).x_0
    assert value(metric, x) == pytest.approx(0, abs=1e-9)
    assert value(metric, x + torch.tensor([0.3, -0.4])) == pytest.approx(0.25, rel=1e-5)
    assert 0 < metric.floor() < 0.01


def test_accumulating_in_pieces_is_the_same_and_rows_are_apart(ring):
    metric = Frechet(FrechetOptions(), site(ring))
    x = torch.randn(1300, 2, generator=torch.Generator().manual_seed(0))
    row, other = metric.accumulator(), metric.accumulator()
    for piece in x.split(77):
        row.update(piece, None)
        other.update(piece * 2, None)
    assert row.value() == pytest.approx(value(metric, x), rel=1e-10)


def test_too_few_or_not_finite_samples_give_nan(ring):
    metric = Frechet(FrechetOptions(), site(ring))
    assert math.isnan(metric.accumulator().value())
    assert math.isnan(value(metric, torch.zeros(1, 2)))
    row = metric.accumulator()
    for bad in (0.0, math.nan, 0.0):
        row.update(torch.randn(10, 2) + bad, None)
    assert math.isnan(row.value())


def test_identity_says_features_and_reference(ring):
    other = GaussianMixture(GaussianMixtureOptions(size=4000, seed=1))
    metrics = [Frechet(FrechetOptions(), site(d)) for d in (ring, ring, other)]
    first, again, changed = (m.identity() for m in metrics)
    assert first == again != changed


def test_missing_inception_says_which_file_whence_and_whither(rgb, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UserError) as caught:
        Frechet(FrechetOptions(), site(rgb))
    text = str(caught.value)
    assert str(tmp_path / NAME) in text
    assert "https://nvlabs-fi-cdn.nvidia.com/" in text
    assert "\n" not in text


class FakeInception(torch.nn.Module):
    """As clean-fid uses the real file: `layers` maps (n, 3, 299, 299) to (n, 2048)."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.AvgPool2d(75, ceil_mode=True), torch.nn.Flatten(), torch.nn.Linear(48, 2048)
        )

    def forward(self, x):
        return self.layers(x)


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
def test_inception_runs_through_clean_fid(rgb, tmp_path):
    pytest.importorskip("cleanfid")
    torch.manual_seed(0)
    torch.jit.script(FakeInception()).save(str(tmp_path / NAME))
    options = FrechetOptions(features="inception", weights=str(tmp_path / NAME))
    metric = Frechet(options, site(rgb))
    x = rgb.items("train", torch.arange(9)).x_0
    space = metric.space
    by_hand = space._net._net.base.layers(torch.zeros(1, 3, 299, 299) + (255 - 128) / 128)
    torch.testing.assert_close(space.features(torch.ones(1, 3, 8, 8)), by_hand)
    assert space.features(x).shape == (9, 2048)


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
def test_damaged_inception_and_missing_statistics_are_refused(rgb, tmp_path):
    (tmp_path / NAME).write_bytes(b"not a network")
    weights = str(tmp_path / NAME)
    with pytest.raises(UserError, match="not the Inception network"):
        Frechet(FrechetOptions(features="inception", weights=weights), site(rgb))
    torch.jit.script(FakeInception()).save(weights)
    options = FrechetOptions(features="inception", weights=weights, reference="no:1:train")
    with pytest.raises(UserError, match=r"no_clean_train_1\.npz is missing; get https"):
        Frechet(options, site(rgb))


def test_references_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="expected 'dataset' or NAME:RESOLUTION:SPLIT"):
        FrechetOptions(features="inception", reference="cifar10")
    with pytest.raises(ValueError, match="needs features = 'inception'"):
        FrechetOptions(reference="cifar10:32:train")


def test_features_that_do_not_fit_the_data_are_refused(ring):
    for features in ("fashion16", "inception"):
        with pytest.raises(UserError, match=rf"'{features}' takes"):
            Frechet(FrechetOptions(features=features), site(ring))


def test_trajectory_error_is_the_mean_over_samples_and_dimensions(ring):
    metric = Trajectory(TrajectoryOptions(), site(ring))
    row = metric.accumulator()
    assert math.isnan(row.value())
    row.update(torch.zeros(3, 2), torch.ones(3, 2))
    row.update(torch.zeros(1, 2), torch.full((1, 2), 3.0))
    assert row.value() == pytest.approx((3 * 1 + 1 * 9) / 4)
    assert metric.requires == {"endpoints"}


def test_the_embedded_metric_imports_neither_clean_fid_nor_scipy():
    code = (
        "import sys, torch, secantfw_fid.plugin\n"
        "from secantfw import MetricSite\n"
        "from secantfw_data.fashion16 import Fashion16\n"
        "from secantfw_data.options import Fashion16Options\n"
        "from secantfw_fid.frechet import Frechet\n"
        "from secantfw_fid.options import FrechetOptions\n"
        "site = MetricSite(Fashion16(Fashion16Options()), torch.device('cpu'))\n"
        "Frechet(FrechetOptions(), site).identity()\n"
        "print(sorted({'cleanfid', 'scipy', 'torchvision'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_of_few_samples_the_distance_comes_at_fewer_and_extrapolated():
    """Samples of the data's own law: c / n above the limit, 0. Of too few no limit is claimed."""
    rng = torch.Generator().manual_seed(0)
    options = FrechetOptions(features="identity")
    metric = Frechet(options, MetricSite(Normal(100_000, rng), torch.device("cpu")))
    limits, plain = [], []
    for _ in range(8):
        row = metric.accumulator()
        row.update(torch.randn(7999, 8, generator=rng), None)
        assert set(row.details()["finite_samples"]) == {"samples", "values"}
        row.update(torch.randn(1, 8, generator=rng), None)
        said = row.details()["finite_samples"]
        assert said["samples"] == [1000, 2000, 4000, 8000]
        assert said["values"][-1] == pytest.approx(row.value(), rel=1e-6)
        assert said["interval"][0] < said["limit"] < said["interval"][1]
        plain.append(row.value())
        limits.append(said["limit"])
    assert abs(sum(limits)) < 0.3 * sum(plain)


def test_of_many_samples_and_of_too_few_there_is_no_such_curve():
    options = FrechetOptions(features="identity")
    rng = torch.Generator().manual_seed(0)
    metric = Frechet(options, MetricSite(Normal(1000, rng), torch.device("cpu")))
    row = metric.accumulator()
    row.update(torch.randn(9, 8, generator=rng), None)
    assert row.details() == {}
    row.update(torch.randn(9_990, 8, generator=rng), None)
    assert row.details() != {}
    row.update(torch.randn(1, 8, generator=rng), None)
    assert row.details() == {}
    assert row.value() > 0


class Normal(Dataset):
    """Standard normal vectors."""

    def __init__(self, n, rng):
        self.x, self.spec = torch.randn(n, 8, generator=rng), DataSpec((8,))

    def size(self, split):
        return len(self.x) if split == "train" else 0

    def items(self, split, index):
        return Items(self.x[index])
