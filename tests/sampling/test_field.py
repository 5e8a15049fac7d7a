"""What a field gives to solvers that fuse, compile or record: the same numbers, uncounted."""

from __future__ import annotations

import pytest
import torch

from secantfw import BuildSite, Cond, DataSpec, UserError
from secantfw.experiment.schema import Guidance
from secantfw.sampling.field import CountedField, student_field

pytestmark = pytest.mark.plugin("basics", "sit", "edm")

SPEC = DataSpec((3, 8, 8), num_classes=4)
GUIDANCES = (
    Guidance(),
    Guidance(scale=2.0, interval=(0.2, 0.7)),
    Guidance(scale=2.0, channels=2),
    Guidance(range=(1.0, 3.0), scale=1.5),
)


def stirred(network):
    """Nothing is zero, so that nothing is hidden."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network.eval().requires_grad_(False)


def sit(guidance):
    from secantfw_basics.paths.linear import Linear
    from secantfw_sit.backbone import SiTBackbone
    from secantfw_sit.options import SiTOptions

    options = SiTOptions(width=32, depth=2, heads=4, patch=2, learn_sigma=True)
    return stirred(SiTBackbone(options, BuildSite(SPEC, Linear(), None, guidance.range)))


def edm(guidance):
    from secantfw_basics.paths.linear import Linear
    from secantfw_edm.backbone import EDMBackbone
    from secantfw_edm.options import EDMOptions

    sizes = {"model_channels": 8, "channel_mult": (1, 2), "num_blocks": 1}
    options = EDMOptions(model_type="SongUNet", attn_resolutions=(4,), **sizes)
    return stirred(EDMBackbone(options, BuildSite(SPEC, Linear(), None, guidance.range)))


def made(network, guidance):
    torch.manual_seed(0)
    student = network(guidance)
    return student, student_field(student, student.path, guidance, SPEC.num_classes)


def points():
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(5, *SPEC.shape, generator=rng)
    t = torch.tensor([0.1, 0.4, 0.6, 0.8, 1.0])
    return x, t, 0.5 * t, Cond(torch.tensor([0, 1, 2, 3, 0]))


@pytest.mark.parametrize("guidance", GUIDANCES, ids=str)
@torch.inference_mode()
def test_the_parts_combine_to_the_secant_and_are_not_counted(guidance):
    _, field = made(sit, guidance)
    given = points()
    parts = field.secant_parts(*given)
    assert field.nfe == 0
    assert torch.equal(parts.combined(), field.secant(*given))
    two_calls = guidance.range is None and guidance.scale != 1.0
    assert field.nfe == field.parts_nfe == 1 + two_calls
    assert (parts.unlabelled is not None) == two_calls


@pytest.mark.parametrize("network", [sit, edm])
@pytest.mark.parametrize("guidance", GUIDANCES[1:], ids=str)
@torch.inference_mode()
def test_weights_cast_once_give_the_bits_of_autocast(network, guidance):
    student, field = made(network, guidance)
    given = points()
    before = {name: value.clone() for name, value in student.state_dict().items()}
    cast = field.cast_once(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        expected, found = field.secant_parts(*given), cast.secant_parts(*given)
    assert found.labelled.dtype == expected.labelled.dtype
    found, expected = found.to(torch.float32).combined(), expected.to(torch.float32).combined()
    assert torch.equal(found, expected)
    assert not torch.equal(expected, field.secant(*given)), "autocast changed nothing"
    assert all(torch.equal(before[name], value) for name, value in student.state_dict().items())


def test_a_field_without_secants_has_no_parts_of_them():
    field = CountedField(None, lambda x, t, s, cond: x, has_secants=False)
    with pytest.raises(UserError, match="a teacher has tangents only"):
        field.secant_parts(*points())
    assert field.cast_once(torch.bfloat16) is field
