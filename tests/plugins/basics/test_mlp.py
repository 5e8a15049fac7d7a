"""The mlp backbone: its identity at s = t, its weights, its messages."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.mlp.backbone import MLPBackbone
from secantfw_basics.options import MLPOptions
from secantfw_basics.paths.linear import Linear

from secantfw import BuildSite, Cond, DataSpec, UserError, WeightsHeader

SITE = BuildSite(DataSpec((2,), num_classes=3), Linear())


def _random(options: MLPOptions | None = None, seed: int = 0) -> MLPBackbone:
    """A network whose output is not zero, with E_s equal to E_t."""
    torch.manual_seed(seed)
    network = MLPBackbone(options or MLPOptions(width=16, depth=2), SITE)
    with torch.no_grad():
        for parameter in network.network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    network.network.share_time()
    return network


def _inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Cond]:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn((6, 2), generator=rng)
    t, s = torch.rand((2, 6), generator=rng)
    return x, t, s, Cond(torch.tensor([0, 1, 2, 3, 0, 1]), 1 + torch.rand(6, generator=rng))


def test_load_tangent_makes_f_at_s_equal_t_the_tangent_bit_for_bit() -> None:
    x, t, s, cond = _inputs()
    source = _random()
    student = _random(MLPOptions(width=16, depth=2, guidance_embedding="scale"), seed=1)
    report = student.load_tangent(source.tangent_weights())
    assert torch.equal(student(x, t, t, cond), source(x, t, t, cond))
    assert not torch.equal(student(x, t, s, cond), source(x, t, t, cond))
    assert any(key.startswith("s_embedder.") for key in report.made)
    assert any(key.startswith("guidance_embedder.") for key in report.made)


def test_training_at_s_equal_t_keeps_the_network_one_time() -> None:
    x, t, _, cond = _inputs()
    network = _random()
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    for _ in range(3):
        optimiser.zero_grad()
        network(x, t, t, cond).square().sum().backward()
        optimiser.step()
    network.tangent_weights()


def test_a_network_with_two_different_times_has_no_tangent_weights() -> None:
    network = _random()
    with torch.no_grad():
        network.network.s_embedder.mlp[0].weight.add_(1.0)
    with pytest.raises(UserError, match="embeds t and s differently"):
        network.tangent_weights()


def test_labels_scales_and_both_times_are_heard() -> None:
    x, t, s, cond = _inputs()
    network = _random(MLPOptions(width=16, depth=2, guidance_embedding="scale"))
    with torch.no_grad():
        network.network.guidance_embedder.mlp[2].weight.normal_()
        network.network.s_embedder.mlp[2].weight.mul_(1.5)
    f = network(x, t, s, cond)
    assert network.supports == {"bidirectional", "jvp", "guidance"}
    assert not torch.equal(f, network(x, s, t, cond))
    assert not torch.equal(f, network(x, t, s, Cond(cond.label, cond.guidance + 1)))
    null = torch.full_like(cond.label, 3)
    assert not torch.equal(f, network(x, t, s, Cond(null, cond.guidance)))
    assert torch.equal(
        network(x, t, s, Cond(None, cond.guidance)), network(x, t, s, Cond(null, cond.guidance))
    )


def test_a_new_network_is_zero_and_other_shapes_are_vectors() -> None:
    site = BuildSite(DataSpec((1, 2, 3)), Linear())
    network = MLPBackbone(MLPOptions(width=8, depth=1), site)
    x, t = torch.randn(4, 1, 2, 3), torch.rand(4)
    assert torch.equal(network(x, t, t, Cond()), torch.zeros_like(x))
    assert network.supports == {"bidirectional", "jvp"}


def test_sizes_come_from_options_then_weights_then_defaults() -> None:
    weights = WeightsHeader("w.safetensors", options={"width": 24, "depth": 2})
    site = BuildSite(SITE.spec, SITE.path, weights)
    with torch.device("meta"):
        assert MLPBackbone(MLPOptions(), SITE).network_options()["width"] == 256
        from_file = MLPBackbone(MLPOptions(depth=5), site)
    assert (from_file.width, from_file.depth) == (24, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("first.weight"), "these weights lack first.weight"),
        (lambda w: w.update(other=torch.zeros(1)), "these weights have unknown other"),
        (
            lambda w: w.update({"first.bias": torch.zeros(3)}),
            r"first.bias has shape \(3,\), expected \(16,\)",
        ),
    ],
)
def test_weights_of_another_network_are_refused_by_name(change, message: str) -> None:
    weights = dict(_random().tangent_weights())
    change(weights)
    with pytest.raises(UserError, match=message):
        _random().load_tangent(weights)


def test_jvp_runs_through_the_network() -> None:
    x, t, s, cond = _inputs()
    network = _random()
    _, slope = torch.func.jvp(lambda t: network(x, t, s, cond), (t,), (torch.ones_like(t),))
    h = 1e-2
    difference = (network(x, t + h, s, cond) - network(x, t - h, s, cond)) / (2 * h)
    torch.testing.assert_close(slope, difference, atol=2e-2, rtol=5e-2)
