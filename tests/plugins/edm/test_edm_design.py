"""Where the numbers of a network come from, and what a weights file must say."""

from __future__ import annotations

import pytest
from secantfw_edm.architecture import PRESETS, Architecture
from secantfw_edm.design import Design, design_for, teacher_design
from secantfw_edm.options import EDMOptions

from secantfw import UserError, WeightsHeader

HEADER = WeightsHeader(
    "teacher.safetensors",
    options={"model_channels": 64, "num_blocks": 2, "sigma_data": 0.7, "preconditioning": "vp"},
)


def test_an_option_is_before_the_preset_before_the_weights_before_the_class():
    design = design_for(EDMOptions(preset="ffhq-ve", num_blocks=3), HEADER)
    assert design.architecture.num_blocks == 3
    assert design.architecture.model_channels == 128
    assert design.architecture.encoder_type == "residual"
    assert design.sigma_data == 0.7  # a preset says nothing of the data
    assert design.preconditioning == "vp"
    assert (design.sigma_min, round(design.sigma_max)) == (0.0009765625, 152)
    assert design_for(EDMOptions(), HEADER).architecture.model_channels == 64
    assert design_for(EDMOptions(), HEADER).architecture.attn_resolutions == (16,)


def test_a_design_survives_the_header_of_its_file():
    for preset in PRESETS:
        design = design_for(EDMOptions(preset=preset, sigma_max=90.0), None)
        assert teacher_design(WeightsHeader("", options=design.as_toml())) == design


def test_official_constructor_arguments_are_understood():
    """A checkpoint records what was said; what was not has the default of its class."""
    said = {"img_resolution": 64, "label_dim": 1000, "use_fp16": True, "augment_pipe": None}
    adm = Architecture.of({**said, "model_type": "DhariwalUNet", "model_channels": 192})
    assert (adm.num_blocks, adm.channel_mult) == (3, (1, 2, 3, 4))
    assert adm == Architecture.of(PRESETS["imagenet64-adm"])


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: design_for(EDMOptions(), None), "which network is not said: give a preset"),
        (
            lambda: design_for(EDMOptions(preset="cifar"), None),
            "'cifar' is not known; expected tiny",
        ),
        (
            lambda: teacher_design(WeightsHeader("w.safetensors")),
            "`secantfw convert` writes files",
        ),
        (lambda: Design.of({"preconditioning": "ddim"}), "'ddim' is not known; expected edm, vp"),
        (lambda: Design.of({"sigma_min": 100.0}), "sigma_min 100.0 must be below sigma_max 80.0"),
    ],
)
def test_what_is_missing_or_wrong_is_said(make, complaint):
    with pytest.raises(UserError, match=complaint):
        make()
