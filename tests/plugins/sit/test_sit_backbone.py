"""The student network: gradients, forward mode, recomputation, sizes, what it says of itself."""

import pytest
import torch
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.network import SiTNetwork
from secantfw_sit.options import SiTOptions
from secantfw_sit.sizes import sizes_for

from secantfw import BuildSite, Cond, DataSpec, UserError, WeightsHeader


@pytest.mark.parametrize("checkpoint_activations", [False, True])
def test_the_gradient_reaches_every_parameter(make_backbone, batch, checkpoint_activations):
    x, t, s, cond = batch
    student = make_backbone(
        guidance_embedding="range",
        guidance_range=(1.0, 3.0),
        checkpoint_activations=checkpoint_activations,
    )
    student(x, t, s, cond).square().mean().backward()
    untouched = [
        name
        for name, parameter in student.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    assert untouched == []
    assert [n for n, p in student.named_parameters() if not p.requires_grad] == [
        "network.pos_embed"
    ]


def test_recomputing_activations_changes_nothing(make_backbone, batch):
    x, t, s, cond = batch
    gradients = []
    for checkpoint_activations in (False, True):
        student = make_backbone(checkpoint_activations=checkpoint_activations)
        student(x, t, s, cond).square().mean().backward()
        gradients.append([p.grad for p in student.parameters() if p.requires_grad])
    assert all(map(torch.equal, *gradients))


def test_tokens_are_contiguous(make_backbone, batch):
    """A patch embedding is transposed; tokens of its strides cost every layer norm a copy."""
    x, t, s, cond = batch
    student, seen = make_backbone(), []
    for block in student.network.blocks:
        block.register_forward_pre_hook(lambda _, given: seen.append(given[0].is_contiguous()))
    student(x, t, s, cond)
    assert seen == [True] * len(student.network.blocks)


def test_explicit_attention_is_fused_attention_and_has_a_forward_derivative(make_backbone, batch):
    x, t, s, cond = (part.double() if torch.is_tensor(part) else part for part in batch)
    fused = make_backbone(attention="fused").double()
    explicit = make_backbone(attention="explicit").double()
    torch.testing.assert_close(explicit(x, t, s, cond), fused(x, t, s, cond), rtol=0, atol=1e-12)
    assert "jvp" in explicit.supports
    assert "jvp" not in fused.supports

    def secant(x):
        return explicit(x, t, s, cond)

    direction, h = torch.randn_like(x), 1e-5
    _, derivative = torch.func.jvp(secant, (x,), (direction,))
    difference = (secant(x + h * direction) - secant(x - h * direction)) / (2 * h)
    torch.testing.assert_close(derivative, difference, rtol=1e-6, atol=1e-6)


def test_guidance_is_embedded_on_the_range_it_was_trained_on(make_backbone, batch):
    x, t, s, cond = batch
    student = make_backbone(guidance_embedding="range", guidance_range=(1.0, 3.0))
    assert "guidance" in student.supports
    told = student.told(torch.tensor([1.0, 2.0, 3.0]))
    assert told.tolist() == [0.0, 0.5, 1.0]
    plain = student(x, t, s, Cond(label=cond.label))
    assert not torch.equal(student(x, t, s, cond), plain)


def test_a_network_without_guidance_embedding_ignores_the_scale(make_backbone, batch):
    x, t, s, cond = batch
    student = make_backbone()
    assert torch.equal(student(x, t, s, cond), student(x, t, s, Cond(label=cond.label)))


def test_its_frequencies_stay_float32_in_a_half_precision_network(make_backbone):
    half = make_backbone().bfloat16().network.t_embedder
    t = torch.tensor([0.3])
    assert torch.equal(half.sinusoid(t), make_backbone().network.t_embedder.sinusoid(t))


@pytest.mark.parametrize(
    ("size", "parameters"),
    [("S/2", 32_963_360), ("B/2", 130_512_416), ("L/2", 458_102_816), ("XL/2", 675_129_632)],
)
def test_the_presets_have_the_official_number_of_parameters(size, parameters):
    sizes = sizes_for(SiTOptions(size=size, learn_sigma=True), None)
    with torch.device("meta"):
        network = SiTNetwork(sizes, DataSpec((4, 32, 32), 1000))
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_sizes_not_set_come_from_the_teachers_weights(teacher_file):
    from secantfw import read_header

    header = read_header(teacher_file)
    site = BuildSite(DataSpec((2, 8, 8), 5), path=None, weights=header)
    student = SiTBackbone(SiTOptions(), site)
    assert dict(student.network_options()) == dict(header.options)
    assert SiTBackbone(SiTOptions(depth=1), site).sizes.depth == 1


@pytest.mark.parametrize(
    ("options", "shape", "message"),
    [
        ({}, (1, 8, 8), "width, depth, heads, patch not given"),
        ({"size": "XXL/2"}, (1, 8, 8), "size 'XXL/2' is not known"),
        ({"size": "tiny/4"}, (1, 10, 10), "image size 10 is not divisible by patch 4"),
        (
            {"size": "tiny/4"},
            (1, 8, 4),
            r"square images \(C, H, W\), got data of shape \(1, 8, 4\)",
        ),
        ({"size": "tiny/4"}, (8,), r"got data of shape \(8,\)"),
        ({"size": "tiny/4", "heads": 3}, (1, 8, 8), "width 128 .* heads 3"),
        (
            {"size": "tiny/4", "guidance_embedding": "range"},
            (1, 8, 8),
            "needs a guidance_range",
        ),
        (
            {"size": "tiny/4", "guidance_embedding": "range", "guidance_range": (2.0, 2.0)},
            (1, 8, 8),
            r"lo < hi, got \[2.0, 2.0\]",
        ),
    ],
)
def test_options_that_make_no_network_are_refused_in_one_line(options, shape, message):
    with pytest.raises(UserError, match=message) as caught:
        SiTBackbone(SiTOptions(**options), BuildSite(DataSpec(shape), path=None))
    assert "\n" not in str(caught.value)


def test_weights_without_a_header_show_their_sizes(tmp_path):
    """A bare official state dict: the heads come from the preset of the same width."""
    from safetensors.torch import save_file

    spec = DataSpec((2, 16, 16), 3)
    network = SiTNetwork(sizes_for(SiTOptions(size="tiny/4", learn_sigma=True), None), spec)
    file = str(tmp_path / "bare.safetensors")
    save_file(network.state_dict(), file)
    sizes = sizes_for(SiTOptions(), WeightsHeader(file))
    assert sizes == sizes_for(SiTOptions(size="tiny/4", learn_sigma=True), None)
