"""The closed-form tangent of a Gaussian mixture, against derivations of other kinds."""

import math

import pytest
import torch
from secantfw_data.gaussian_mixture import GaussianMixture
from secantfw_data.mixture import mixture_of
from secantfw_data.mixture_teacher import GaussianMixtureTeacher
from secantfw_data.options import GaussianMixtureOptions, MixtureOptions

from secantfw import BuildSite, Coefficients, Cond, DataSpec, Path, UserError


class Linear(Path):
    def coefficients(self, t):
        one = torch.ones_like(t)
        return Coefficients(1 - t, t, -one, one)


class Trigonometric(Path):
    def coefficients(self, t):
        a = t * (math.pi / 2)
        return Coefficients(a.cos(), a.sin(), -a.sin() * math.pi / 2, a.cos() * math.pi / 2)


class VariancePreserving(Path):
    """alpha = exp(-5 t^2), sigma = sqrt(1 - alpha^2)."""

    t_min = 1e-3

    def coefficients(self, t):
        alpha = (-5 * t.square()).exp()
        sigma = (1 - alpha.square()).sqrt()
        d_alpha = -10 * t * alpha
        return Coefficients(alpha, sigma, d_alpha, -alpha * d_alpha / sigma)


PATHS = [Linear(), Trigonometric(), VariancePreserving()]
OPTIONS = MixtureOptions(
    dimension=3,
    means=((1.0, 0.0, -0.5), (-0.7, 0.4, 0.2), (0.1, -1.2, 0.9)),
    std=0.3,
    weights=(1.0, 2.0, 0.5),
)


def score_tangent(x, t, path):
    """v from the score of the marginal, by autograd.

    E[z|x] = -sigma score,  E[x_0|x] = (x + sigma^2 score) / alpha (Tweedie)."""
    c = path.coefficients(t)
    weights = torch.tensor(OPTIONS.weights, dtype=x.dtype)
    x = x.clone().requires_grad_()
    deviation = (c.alpha**2 * OPTIONS.std**2 + c.sigma**2).sqrt()
    components = torch.distributions.Normal(
        c.alpha[:, None, None] * torch.tensor(OPTIONS.means, dtype=x.dtype),
        deviation[:, None, None],
    )
    each = components.log_prob(x[:, None]).sum(-1) + (weights / weights.sum()).log()
    (score,) = torch.autograd.grad(each.logsumexp(1).sum(), x)
    x = x.detach()
    x_0 = (x + c.sigma[:, None] ** 2 * score) / c.alpha[:, None]
    return c.d_alpha[:, None] * x_0 - c.d_sigma[:, None] * c.sigma[:, None] * score


@pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
def test_velocity_is_the_score_form_of_the_tangent(path):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(200, 3, generator=rng, dtype=torch.float64)
    t = torch.rand(200, generator=rng, dtype=torch.float64) * 0.98 + 0.01
    found = mixture_of(OPTIONS).velocity(x, t, path)
    torch.testing.assert_close(found, score_tangent(x, t, path), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("time", [0.1, 0.5, 0.9])
def test_velocity_is_the_conditional_mean_of_d_alpha_x0_plus_d_sigma_z(path, time):
    """E[phi(x_t) (v(x_t) - d_alpha x_0 - d_sigma z)] = 0 for test functions phi."""
    rng = torch.Generator().manual_seed(1)
    mixture, n = mixture_of(OPTIONS), 200_000
    x_0 = mixture.draw(n, rng).x_0
    z = torch.randn(n, 3, generator=rng)
    t = torch.full((n,), time)
    c = path.coefficients(t)
    x_t = c.alpha[:, None] * x_0 + c.sigma[:, None] * z
    rest = mixture.velocity(x_t, t, path) - c.d_alpha[:, None] * x_0 - c.d_sigma[:, None] * z
    phi = torch.cat([torch.ones(n, 1), x_t, torch.sin(3 * x_t)], 1)
    product = (phi[:, :, None] * rest[:, None]).flatten(1)
    error = product.std(0) / math.sqrt(n)
    assert (product.mean(0).abs() < 4.5 * error).all()


@pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
def test_velocity_is_finite_at_both_ends_and_far_away(path):
    x = torch.tensor([[0.0, 0.0, 0.0], [1e3, -1e3, 1e3]])
    for time in (path.t_min, path.t_max):
        v = mixture_of(OPTIONS).velocity(x, torch.full((2,), time), path)
        assert torch.isfinite(v).all()
        assert v.dtype == torch.float32


def test_flow_carries_noise_to_the_data_distribution():
    """100 midpoint steps from noise end with the mixture's own mean and covariance."""
    mixture, path, n = mixture_of(OPTIONS), Linear(), 20_000
    rng = torch.Generator().manual_seed(2)
    x, steps = torch.randn(n, 3, generator=rng), 100
    for i in range(steps):
        t = torch.full((n,), 1 - i / steps)
        middle = x - mixture.velocity(x, t, path) / (2 * steps)
        x = x - mixture.velocity(middle, t - 1 / (2 * steps), path) / steps
    data = mixture.draw(200_000, rng).x_0
    torch.testing.assert_close(x.mean(0), data.mean(0), atol=0.03, rtol=0)
    torch.testing.assert_close(x.T.cov(), data.T.cov(), atol=0.03, rtol=0)


def test_label_selects_a_component_and_the_null_class_none():
    x, t = torch.randn(4, 3, generator=torch.Generator().manual_seed(3)), torch.full((4,), 0.4)
    mixture = mixture_of(OPTIONS)
    label = torch.tensor([0, 1, 2, 3])
    v = mixture.velocity(x, t, Linear(), label)
    torch.testing.assert_close(v[3], mixture.velocity(x, t, Linear())[3])
    for k in range(3):
        alone = MixtureOptions(dimension=3, means=(OPTIONS.means[k],), std=0.3)
        torch.testing.assert_close(v[k], mixture_of(alone).velocity(x, t, Linear())[k])


def test_teacher_heeds_labels_only_where_they_are_on():
    site = BuildSite(DataSpec((2,), 8), Linear())
    x, t = torch.randn(5, 2, generator=torch.Generator().manual_seed(4)), torch.full((5,), 0.5)
    cond = Cond(label=torch.arange(5))
    plain = GaussianMixtureTeacher(MixtureOptions(), site)
    labelled = GaussianMixtureTeacher(MixtureOptions(labels=True), site)
    assert torch.equal(plain.velocity(x, t, cond), plain.velocity(x, t, Cond()))
    assert not torch.equal(labelled.velocity(x, t, cond), plain.velocity(x, t, cond))


def test_dataset_has_the_moments_and_the_labels_of_the_mixture():
    data = GaussianMixture(GaussianMixtureOptions(labels=True, components=4, radius=2.0))
    items = data.items("train", torch.arange(data.size("train")))
    assert data.spec == DataSpec((2,), 4)
    for k in range(4):
        of_k = items.x_0[items.label == k]
        angle = math.pi / 2 * k
        mean = torch.tensor([2 * math.cos(angle), 2 * math.sin(angle)])
        torch.testing.assert_close(of_k.mean(0), mean, atol=0.01, rtol=0)
        torch.testing.assert_close(of_k.std(0), torch.full((2,), 0.1), atol=0.005, rtol=0)


def test_dataset_is_a_function_of_its_seed_and_its_splits_are_independent():
    short = GaussianMixture(GaussianMixtureOptions(size=7, held_out=7, seed=3))
    long = GaussianMixture(GaussianMixtureOptions(size=1000, held_out=7, seed=3))
    other = GaussianMixture(GaussianMixtureOptions(size=7, held_out=7, seed=4))
    index = torch.arange(7)
    assert torch.equal(short.items("test", index).x_0, long.items("test", index).x_0)
    assert not torch.equal(short.items("test", index).x_0, other.items("test", index).x_0)
    assert not torch.equal(short.items("test", index).x_0, short.items("train", index).x_0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"means": ((0.0, 1.0), (1.0,))}, r"means\[1\] has 1 numbers, expected dimension = 2"),
        ({"weights": (1.0,)}, "weights has 1 numbers, expected 8, one a component"),
        ({"weights": (0.0,) * 8}, "weights: expected > 0"),
        ({"std": 0.0}, "std: expected > 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        MixtureOptions(**options)


def test_teacher_of_another_dimension_is_refused():
    with pytest.raises(UserError, match=r"dimension = 2, but the data has shape \(3,\)"):
        GaussianMixtureTeacher(MixtureOptions(), BuildSite(DataSpec((3,)), Linear()))
