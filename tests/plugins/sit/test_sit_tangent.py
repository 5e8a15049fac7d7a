"""f(x, t, t) = v(x, t), bit for bit, whatever the options."""

import pytest
import torch
from secantfw_sit.teacher import SiTTeacher, SiTTeacherOptions

from secantfw import BuildSite, Cond, DataSpec, UserError, WeightsHeader, save_weights

GUIDANCE = (
    {},
    {"guidance_embedding": "range", "guidance_range": (1.0, 3.0)},
    {"guidance_embedding": "constant"},
)


@pytest.mark.parametrize("options", GUIDANCE, ids=["none", "range", "constant"])
@pytest.mark.parametrize("attention", ["fused", "explicit"])
def test_after_load_tangent_the_secant_at_s_equal_t_is_the_teachers_velocity(
    teacher_file, site, make_backbone, batch, options, attention
):
    x, t, _, cond = batch
    teacher = SiTTeacher(SiTTeacherOptions(teacher_file, attention), site)
    student = make_backbone(seed=1, attention=attention, **options)
    student.load_tangent(teacher.weights())
    v = teacher.velocity(x, t, cond)
    assert v.abs().max() > 0.1
    assert torch.equal(student(x, t, t, cond), v)


def test_the_secant_depends_on_the_second_time_after_load_tangent(teacher, make_backbone, batch):
    x, t, s, cond = batch
    student = make_backbone(seed=1)
    student.load_tangent(teacher.weights())
    assert not torch.equal(student(x, t, s, cond), student(x, t, t, cond))


def test_tangent_weights_are_what_load_tangent_took(teacher, make_backbone, batch):
    given = teacher.weights()
    student = make_backbone(seed=1, guidance_embedding="constant")
    report = student.load_tangent(given)
    taken = student.tangent_weights()
    assert list(taken) == list(given) == list(report.copied)
    assert all(torch.equal(taken[key], given[key]) for key in given)
    assert sorted({key.split(".")[0] for key in report.made}) == ["cfg_embedder", "s_embedder"]


def test_no_labels_mean_the_null_class(teacher, make_backbone, batch):
    x, t, s, cond = batch
    null = Cond(label=torch.full_like(cond.label, 5))
    assert torch.equal(teacher.velocity(x, t, Cond()), teacher.velocity(x, t, null))
    student = make_backbone()
    assert torch.equal(student(x, t, s, Cond()), student(x, t, s, null))


def test_data_without_classes_need_no_labels(make_backbone, tmp_path, batch):
    x, t, _, _ = batch
    site = BuildSite(DataSpec((2, 8, 8)), path=None)
    student = make_backbone(site=site)
    assert not [key for key in student.state_dict() if "y_embedder" in key]
    student.network.s_embedder.load_state_dict(student.network.t_embedder.state_dict())
    file = str(tmp_path / "w.safetensors")
    options = student.network_options()
    save_weights(file, student.tangent_weights(), WeightsHeader(file, options=options))
    teacher = SiTTeacher(SiTTeacherOptions(file), site)
    assert torch.equal(student(x, t, t, Cond()), teacher.velocity(x, t, Cond()))


def test_a_students_own_file_is_a_teacher_while_its_two_times_agree(
    teacher, make_backbone, site, tmp_path, batch
):
    x, t, _, cond = batch
    student = make_backbone(seed=1, guidance_embedding="constant")
    student.load_tangent(teacher.weights())
    file = str(tmp_path / "student.safetensors")
    save_weights(
        file, student.state_dict(), WeightsHeader(file, options=student.network_options())
    )
    again = SiTTeacher(SiTTeacherOptions(file), site)
    assert torch.equal(again.velocity(x, t, cond), teacher.velocity(x, t, cond))
    with torch.no_grad():
        student.network.s_embedder.mlp[2].bias[0] += 1
    save_weights(
        file, student.state_dict(), WeightsHeader(file, options=student.network_options())
    )
    with pytest.raises(UserError, match="embeds its two times differently"):
        SiTTeacher(SiTTeacherOptions(file), site)


def test_a_guidance_scale_with_an_effect_is_not_exported_as_a_tangent(make_backbone):
    student = make_backbone(guidance_embedding="constant")
    student.network.s_embedder.load_state_dict(student.network.t_embedder.state_dict())
    with pytest.raises(UserError, match="embeds a guidance scale"):
        student.tangent_weights()


def test_training_at_s_equal_t_from_scratch_leaves_a_one_time_network(site, batch):
    from secantfw_sit.backbone import SiTBackbone
    from secantfw_sit.options import SiTOptions

    x, t, _, cond = batch
    student = SiTBackbone(SiTOptions(width=32, depth=1, heads=4, patch=2), site)
    optimiser = torch.optim.AdamW(student.parameters(), lr=1e-2)
    before = student.network.t_embedder.mlp[0].weight.clone()
    for _ in range(4):
        optimiser.zero_grad()
        (student(x, t, t, cond) - x).square().mean().backward()
        optimiser.step()
    assert not torch.equal(before, student.network.t_embedder.mlp[0].weight)
    assert "s_embedder.mlp.0.weight" not in student.tangent_weights()
