"""The Frechet formula and the streaming statistics under it."""

import inspect
import warnings

import numpy as np
import pytest
import torch
from secantfw_fid.gaussian import Gaussian, RunningGaussian, frechet_distance, from_tensors


def random_gaussian(seed, d, rank=None):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(rank or 2 * d, d)) * np.exp(rng.normal(size=d))
    covariance = torch.from_numpy(factor.T @ factor / len(factor))
    return Gaussian(torch.from_numpy(rng.normal(size=d)), covariance, len(factor))


@pytest.mark.parametrize("d", [2, 7, 64])
def test_distance_is_clean_fids(d):
    linalg = pytest.importorskip("scipy.linalg")
    if "disp" not in inspect.signature(linalg.sqrtm).parameters:
        pytest.skip("clean-fid calls scipy.linalg.sqrtm(disp=), which this SciPy no longer takes")
    fid = pytest.importorskip("cleanfid.fid")
    a, b = random_gaussian(0, d), random_gaussian(1, d)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # SciPy's, of disp
        theirs = fid.frechet_distance(
            a.mean.numpy(), a.covariance.numpy(), b.mean.numpy(), b.covariance.numpy()
        )
    assert frechet_distance(a, b) == pytest.approx(theirs, rel=1e-6)


def test_distance_of_commuting_gaussians_is_in_closed_form():
    """Diagonal covariances: |m1 - m2|^2 + sum (s1 - s2)^2, also turned by a rotation."""
    rng = np.random.default_rng(2)
    s1, s2, m1, m2 = (torch.from_numpy(rng.uniform(0.1, 3, 6)) for _ in range(4))
    turn = torch.linalg.qr(torch.from_numpy(rng.normal(size=(6, 6))))[0]
    a = Gaussian(turn @ m1, turn @ torch.diag(s1**2) @ turn.T, 9)
    b = Gaussian(turn @ m2, turn @ torch.diag(s2**2) @ turn.T, 9)
    expected = float(((m1 - m2) ** 2).sum() + ((s1 - s2) ** 2).sum())
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-10)


def test_distance_is_symmetric_and_zero_to_itself():
    a, b = random_gaussian(3, 20), random_gaussian(4, 20)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)


def test_distance_is_defined_for_singular_covariances():
    """Fewer samples than features, and a constant feature; no jitter is added."""
    a, b = random_gaussian(5, 10, rank=4), random_gaussian(6, 10)
    jitter = 1e-9 * torch.eye(10, dtype=torch.float64)
    near = Gaussian(a.mean, a.covariance + jitter, 4)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(near, b), rel=1e-3)
    point = Gaussian(b.mean, torch.zeros_like(b.covariance), 4)
    assert frechet_distance(point, b) == pytest.approx(float(b.covariance.trace()), rel=1e-10)


def test_streaming_in_pieces_is_the_batch():
    x = torch.randn(1000, 7, generator=torch.Generator().manual_seed(0)) * 3 + 100
    running = RunningGaussian(7)
    for piece in x.split([1, 399, 0, 600]):
        running.add(piece)
    found = running.gaussian()
    assert found.count == 1000
    torch.testing.assert_close(found.mean, x.double().mean(0), rtol=1e-12, atol=0)
    torch.testing.assert_close(found.covariance, x.double().T.cov(), rtol=1e-8, atol=1e-9)


def test_fewer_than_two_points_have_no_gaussian():
    running = RunningGaussian(2)
    assert running.gaussian() is None
    running.add(torch.ones(1, 2))
    assert running.gaussian() is None


def test_statistics_survive_as_tensors():
    running = RunningGaussian(3)
    running.add(torch.randn(50, 3, generator=torch.Generator().manual_seed(1)))
    again, first = from_tensors(running.tensors()), running.gaussian()
    assert torch.equal(again.covariance, first.covariance)
    assert torch.equal(again.mean, first.mean)
    assert again.count == 50


def distances_by_scipy(a, b):
    from scipy.linalg import sqrtm

    root = sqrtm(a.covariance.numpy() @ b.covariance.numpy()).real
    spread = a.covariance.trace() + b.covariance.trace() - 2 * np.trace(root)
    return float((a.mean - b.mean).square().sum() + spread)


def gaussian_of(x):
    running = RunningGaussian(x.shape[1])
    running.add(x)
    return running.gaussian()


def points(n, d, seed):
    rng = torch.Generator().manual_seed(seed)
    scale = torch.logspace(0, -3, d, dtype=torch.float64)
    return torch.randn(n, d, generator=rng, dtype=torch.float64) * scale + seed


def test_many_dimensions_agree_with_scipys_root():
    pytest.importorskip("scipy")
    a, b = gaussian_of(points(900, 300, 1)), gaussian_of(points(800, 300, 2))
    assert frechet_distance(a, b) == pytest.approx(distances_by_scipy(a, b), rel=1e-6)


def test_of_fewer_points_than_dimensions_the_distance_is_that_of_their_span():
    """tr (S1 S2)^1/2 is the sum of the singular values of X^T Y, centred: no root of a zero."""
    x, y = points(40, 300, 1), points(50, 300, 2)
    a, b = gaussian_of(x), gaussian_of(y)
    x, y = ((z - z.mean(0)) / (len(z) - 1) ** 0.5 for z in (x, y))
    between = torch.linalg.svdvals(x @ y.T).sum()
    spread = a.covariance.trace() + b.covariance.trace() - 2 * between
    expected = float((a.mean - b.mean).square().sum() + spread)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
