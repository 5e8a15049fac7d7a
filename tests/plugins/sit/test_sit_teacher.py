"""The teacher: frozen, built without memory on the meta device, and plain about wrong files."""

import attrs
import pytest
import torch
from safetensors.torch import save_file
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.options import SiTOptions, SiTTeacherOptions
from secantfw_sit.teacher import SiTTeacher

from secantfw import BuildSite, DataSpec, UserError, read_header, save_weights


def test_it_is_frozen_and_builds_no_graph(teacher, batch):
    x, t, _, cond = batch
    assert not teacher.velocity(x.requires_grad_(), t, cond).requires_grad
    assert not any(p.requires_grad for p in teacher.network.parameters())
    assert not teacher.network.training
    assert teacher.to(torch.device("cpu")) is teacher
    assert teacher.num_parameters() == sum(p.numel() for p in teacher.weights().values())


def test_on_the_meta_device_only_the_header_is_read(teacher_file, site):
    with open(teacher_file, "r+b") as stream:  # no tensor data left
        header_bytes = int.from_bytes(stream.read(8), "little")
        stream.truncate(8 + header_bytes)
    with torch.device("meta"):
        teacher = SiTTeacher(SiTTeacherOptions(teacher_file), site)
    assert {p.device.type for p in teacher.network.parameters()} == {"meta"}


def test_weights_of_other_data_are_refused_naming_both(teacher_file):
    with pytest.raises(UserError) as caught:
        SiTTeacher(SiTTeacherOptions(teacher_file), BuildSite(DataSpec((1, 8, 8), 10), path=None))
    assert str(caught.value).endswith(
        "made for (2, 8, 8) with 5 classes, but the experiment's data are (1, 8, 8) with "
        "10 classes"
    )


def test_a_bare_official_state_dict_shows_its_data(tmp_path):
    spec = DataSpec((2, 16, 16), 3)
    student = SiTBackbone(SiTOptions(size="tiny/4"), BuildSite(spec, path=None))
    file = str(tmp_path / "bare.safetensors")
    save_file(dict(student.tangent_weights()), file)
    assert SiTTeacher(SiTTeacherOptions(file), BuildSite(spec, path=None)).network.side == 16
    with pytest.raises(UserError, match=r"made for \(2, 16, 16\) with 3 classes"):
        SiTTeacher(SiTTeacherOptions(file), BuildSite(DataSpec((2, 8, 8), 3), path=None))


@pytest.mark.parametrize(
    ("name", "message"),
    [("w.pt", "not a safetensors file"), ("w.safetensors", "no such weights file")],
)
def test_a_file_that_is_not_there_or_of_another_kind(tmp_path, site, name, message):
    (tmp_path / "w.pt").write_bytes(b"PK and no more")
    with pytest.raises(UserError, match=message):
        SiTTeacher(SiTTeacherOptions(str(tmp_path / name)), site)


def test_weights_of_another_network_are_refused(tmp_path, site):
    file = str(tmp_path / "other.safetensors")
    save_file({"linear.weight": torch.zeros(2, 2)}, file)
    with pytest.raises(UserError, match="not the weights of a SiT network"):
        SiTTeacher(SiTTeacherOptions(file), site)


def test_wrong_weights_name_the_first_differences_and_their_number(teacher, make_backbone):
    student = make_backbone()
    weights = {k: v for k, v in teacher.weights().items() if not k.startswith("blocks.1.")}
    weights["final_layer.linear.bias"] = torch.zeros(3)
    weights["surplus"] = torch.zeros(1)
    with pytest.raises(UserError) as caught:
        student.load_tangent(weights)
    text = str(caught.value)
    assert "\n" not in text
    assert "12 differences" in text
    assert "blocks.1.attn.qkv.weight is missing" in text
    assert "and 7 more" in text


def test_a_refused_load_changes_nothing(teacher, make_backbone):
    student = make_backbone(seed=1)
    before = {key: value.clone() for key, value in student.state_dict().items()}
    with pytest.raises(UserError):
        student.load_tangent({**teacher.weights(), "surplus": torch.zeros(1)})
    assert all(torch.equal(before[key], value) for key, value in student.state_dict().items())


def test_a_file_that_lies_about_its_depth_is_refused(teacher_file, teacher, site):
    header = read_header(teacher_file)
    liar = attrs.evolve(header, options={**header.options, "depth": 3})
    save_weights(teacher_file, teacher.weights(), liar)
    with pytest.raises(UserError, match=r"do not fit the network, 10 differences: blocks\.2"):
        SiTTeacher(SiTTeacherOptions(teacher_file), site)
