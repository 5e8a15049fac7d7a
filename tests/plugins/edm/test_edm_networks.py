"""The published networks by name: sizes, names, layouts, compilation; bad sizes are refused."""

from __future__ import annotations

import pytest
import torch
from secantfw_edm.architecture import PRESETS, Architecture
from secantfw_edm.condition import Told
from secantfw_edm.network import build_network

from secantfw import DataSpec, UserError

PUBLISHED = [
    ("cifar10-vp", 32, 10, 55_735_299, 427),
    ("cifar10-vp", 32, 0, 55_733_891, 425),
    ("cifar10-ve", 32, 0, 56_397_827, 432),
    ("ffhq-vp", 64, 0, 61_805_571, 553),
    ("ffhq-ve", 64, 0, 62_761_091, 563),
    ("afhqv2-vp", 64, 0, 61_805_571, 553),
    ("imagenet64-adm", 64, 1000, 295_899_267, 553),
]


def published(preset, side, classes, **more):
    with torch.device("meta"):
        spec = DataSpec((3, side, side), classes)
        return build_network(Architecture.of(PRESETS[preset]), spec, 3, **more)


@pytest.mark.parametrize(("preset", "side", "classes", "parameters", "tensors"), PUBLISHED)
def test_a_preset_has_the_published_size(preset, side, classes, parameters, tensors):
    network = published(preset, side, classes)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert len(network.state_dict()) == tensors


def test_names_and_shapes_are_the_official_ones():
    shapes = {k: tuple(v.shape) for k, v in published("cifar10-vp", 32, 10).state_dict().items()}
    expected = {
        "map_augment.weight": (128, 9), "map_layer0.weight": (512, 128),
        "enc.32x32_conv.weight": (128, 3, 3, 3), "enc.32x32_block0.affine.weight": (256, 512),
        "enc.16x16_down.conv0.resample_filter": (1, 1, 2, 2),
        "enc.16x16_block0.qkv.weight": (768, 256, 1, 1),
        "dec.8x8_in0.proj.weight": (256, 256, 1, 1),
        "dec.32x32_block4.conv0.weight": (256, 384, 3, 3),
        "dec.32x32_aux_conv.weight": (3, 256, 3, 3),
    }  # fmt: skip
    assert expected.items() <= shapes.items()
    adm = published("imagenet64-adm", 64, 1000).state_dict()
    assert adm["enc.32x32_block0.qkv.weight"].shape == (1152, 384, 1, 1)
    assert "dec.64x64_up.skip.resample_filter" in adm
    assert "dec.64x64_up.skip.weight" not in adm


def test_the_second_time_adds_two_layers_and_a_scale_two_more():
    one, two = (published("cifar10-ve", 32, 0, two_times=both) for both in (False, True))
    assert two.state_dict().keys() - one.state_dict().keys() == {
        f"map_layer{i}_s.{end}" for i in (0, 1) for end in ("weight", "bias")
    }


def test_layout_and_compilation_change_nothing():
    """One graph without breaks, under the dtype and layout that a GPU wants."""
    torch.manual_seed(0)
    small = {"model_channels": 16, "num_blocks": 1, "channel_mult": [1, 2], "dropout": 0.1}
    architecture = Architecture.of({**PRESETS["cifar10-ve"], **small, "attn_resolutions": [4]})
    network = build_network(architecture, DataSpec((3, 8, 8), 5), 3, two_times=True).eval()
    x, c = torch.randn(2, 3, 8, 8), torch.tensor([0.3, -0.7])
    told = Told(torch.eye(5)[:2])
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        plain = network(x, c, told, c)
        network.to(memory_format=torch.channels_last)
        last = x.contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(network(last, c, told, c), plain, rtol=1e-4, atol=1e-5)
        compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(compiled(last, c, told, c), plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"model_channels": 144}, "144 channels cannot be normalised in 32 groups"),
        ({"channel_mult": [1, 1, 1, 1, 1]}, "image size 8 cannot be halved 4 times"),
        ({"model_type": "VNet"}, "model_type = 'VNet', expected SongUNet or DhariwalUNet"),
    ],
)
def test_sizes_that_do_not_work_are_refused(said, complaint):
    with pytest.raises(UserError, match=complaint), torch.device("meta"):
        build_network(Architecture.of(said), DataSpec((3, 8, 8)), 3)
