"""Distances on two folders of pictures: those of clean-fid's and torch-fidelity's own functions,
in the features of one random network saved in Inception's format."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from PIL import Image
from secantfw_data.images import Images
from secantfw_data.options import ImagesOptions
from secantfw_fid.frechet import Frechet
from secantfw_fid.inception_network import NAME
from secantfw_fid.kernel_distance import KernelDistance
from secantfw_fid.options import FrechetOptions, KernelDistanceOptions

from secantfw import MetricSite

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning", "ignore:np.find")
CPU = torch.device("cpu")
N = 24


class RandomInception(torch.nn.Module):
    """The interface of the file: (n, 3, h, w) in 0..255; `layers` takes 299x299 in [-1, 1]."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 13, stride=13),
            torch.nn.Tanh(),
            torch.nn.AdaptiveAvgPool2d(4),
            torch.nn.Flatten(),
            torch.nn.Linear(128, 2048),
        )

    def forward(self, x, return_features: bool = False, no_output_bias: bool = False):
        x = torch.nn.functional.interpolate(x.float(), size=[299, 299], mode="bilinear")
        return self.layers((x - 128) / 128)


@pytest.fixture(scope="module")
def cleanfid():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pytest.importorskip("cleanfid.fid")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found.linalg, "sqrtm", sqrtm)
        yield found


def sqrtm(matrix, disp=True, plain=scipy.linalg.sqrtm):
    """SciPy's; newer ones refuse `disp=False`, which gives clean-fid an error estimate too."""
    return plain(matrix) if disp else (plain(matrix), None)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Random blots, brighter in the second folder; and the network's file."""
    root, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for name, level in (("data", 110), ("samples", 130)):
        (root / name).mkdir()
        for k in range(N):
            small = rng.normal(level, 60, (4, 4, 3)).clip(0, 255).astype(np.uint8)
            picture = Image.fromarray(small).resize((20, 20), Image.Resampling.BICUBIC)
            picture.save(root / name / f"{k:03d}.png")
    torch.manual_seed(0)
    torch.jit.script(RandomInception()).save(str(root / NAME))
    torch.jit.script(RandomInception().layers[:4].append(torch.nn.Linear(128, 8))).save(
        str(root / "eight.pt")
    )
    return root


def pictures(folder):
    return Images(ImagesOptions(folder=str(folder), size=20))


def ours(kind, options, root):
    metric = kind(options, MetricSite(pictures(root / "data"), CPU))
    samples = pictures(root / "samples")
    row = metric.accumulator()
    for index in torch.arange(N).split([1, 10, 13]):
        row.update(samples.items("train", index).x_0, None)
    return row.value()


def theirs(cleanfid, root, mode):
    from cleanfid.inception_torchscript import InceptionV3W

    inside = mode == "legacy_tensorflow"
    net = InceptionV3W(str(root), download=False, resize_inside=inside).eval()
    return [
        cleanfid.get_folder_features(
            str(root / name), net, num_workers=0, device=CPU, mode=mode, verbose=False
        )
        for name in ("data", "samples")
    ]


@pytest.mark.parametrize(
    ("resize", "mode"),
    [("clean", "clean"), ("tensorflow", "legacy_tensorflow"), ("torch", "legacy_pytorch")],
)
def test_kid_of_inception_is_clean_fids(cleanfid, folders, resize, mode):
    data, samples = theirs(cleanfid, folders, mode)
    options = KernelDistanceOptions(
        features="inception", weights=str(folders / NAME), resize=resize, seed=3, subset_size=16
    )
    state = np.random.get_state()
    np.random.seed(3)
    expected = cleanfid.kernel_distance(data, samples, max_subset_size=16)
    np.random.set_state(state)
    assert ours(KernelDistance, options, folders) == pytest.approx(expected, rel=1e-6)
    assert expected > 1e-3


def by_path(folders, **options):
    """The network of eight features, which takes colours in [0, 1] as they are."""
    plain = {"network_size": 299, "network_mean": (0.0,) * 3, "network_std": (1.0,) * 3}
    return {"features": "network", "network": str(folders / "eight.pt"), **plain, **options}


def eight(folders):
    net = torch.jit.load(str(folders / "eight.pt"))
    return lambda x: net(x / 255)


def test_fid_in_a_network_by_path_is_clean_fids(cleanfid, folders):
    paths = [str(folders / name) for name in ("data", "samples")]
    expected = cleanfid.compare_folders(*paths, eight(folders), "clean", device=CPU, verbose=False)
    found = ours(Frechet, FrechetOptions(**by_path(folders)), folders)
    assert found == pytest.approx(expected, rel=1e-6)
    assert found > 1e-3


def test_fid_and_kid_are_torch_fidelitys(cleanfid, folders):
    pytest.importorskip("torch_fidelity", reason="pip install torch-fidelity")
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    features = [
        torch.from_numpy(
            cleanfid.get_folder_features(
                str(folders / name), eight(folders), num_workers=0, device=CPU, verbose=False
            )
        )
        for name in ("data", "samples")
    ]
    pair = [fid_features_to_statistics(f.double()) for f in features]
    fid = fid_statistics_to_metric(*pair, False)["frechet_inception_distance"]
    assert ours(Frechet, FrechetOptions(**by_path(folders)), folders) == pytest.approx(fid, 1e-3)
    said = kid_features_to_metric(*features, kid_subset_size=N, kid_subsets=2, verbose=False)
    kid = ours(KernelDistance, KernelDistanceOptions(**by_path(folders, subsets=2)), folders)
    assert kid == pytest.approx(said["kernel_inception_distance_mean"], rel=1e-3)


class FullRank(torch.nn.Module):
    """As `RandomInception`, with 2048 features that no fewer numbers determine."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 13, stride=13),
            torch.nn.Tanh(),
            torch.nn.Flatten(),
            torch.nn.Linear(8 * 23 * 23, 2048),
            torch.nn.ReLU(),
        )

    def forward(self, x, return_features: bool = False, no_output_bias: bool = False):
        x = torch.nn.functional.interpolate(x.float(), size=[299, 299], mode="bilinear")
        return self.layers((x - 128) / 128)


@pytest.fixture
def noisy(tmp_path):
    """Enough pictures of noise for a covariance of full rank."""
    rng = np.random.default_rng(0)
    for name, level in (("data", 110), ("samples", 130)):
        (tmp_path / name).mkdir()
        for k in range(2100):
            pixels = rng.normal(level, 60, (20, 20, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{k:04d}.png")
    torch.manual_seed(0)
    torch.jit.script(FullRank()).save(str(tmp_path / NAME))
    return tmp_path


@pytest.mark.slow
def test_fid_of_inception_is_clean_fids(cleanfid, noisy):
    """2048 features of 2 x 2,100 pictures: a minute or two, half of it clean-fid's matrix root."""
    features = theirs(cleanfid, noisy, "clean")
    moments = [(f.mean(0), np.cov(f, rowvar=False)) for f in features]
    expected = cleanfid.frechet_distance(*moments[0], *moments[1])
    metric = Frechet(
        FrechetOptions(features="inception", weights=str(noisy / NAME)),
        MetricSite(pictures(noisy / "data"), CPU),
    )
    row, samples = metric.accumulator(), pictures(noisy / "samples")
    for index in torch.arange(2100).split(700):
        row.update(samples.items("train", index).x_0, None)
    assert row.value() == pytest.approx(expected, rel=1e-6)
    assert expected > 1
