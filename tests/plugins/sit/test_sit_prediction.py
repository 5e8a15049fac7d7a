"""Networks that predict noise or the score give the same velocities as the formulas say."""

import attrs
import pytest
import torch
from secantfw_basics.options import PathOptions
from secantfw_basics.paths.linear import Linear
from secantfw_sit.teacher import SiTTeacher, SiTTeacherOptions

from secantfw import BuildSite, UserError, noise_from_velocity, score_from_velocity

CUT = Linear(PathOptions(t_min=0.001, t_max=0.999))


@pytest.mark.parametrize("prediction", ["noise", "score"])
def test_the_network_is_what_is_left_of_the_velocity(teacher_file, site, batch, prediction):
    x, t, _, cond = batch
    site = attrs.evolve(site, path=CUT)
    teacher = SiTTeacher(SiTTeacherOptions(teacher_file, prediction=prediction), site)
    v = teacher.velocity(x, t, cond)
    back = noise_from_velocity if prediction == "noise" else score_from_velocity
    expected = teacher.network(x, 1 - t, label=cond.label)
    torch.testing.assert_close(back(CUT, x, t, v), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prediction", ["noise", "score"])
def test_its_student_starts_bit_for_bit_and_says_what_it_predicts(
    teacher_file, site, make_backbone, batch, prediction
):
    x, t, _, cond = batch
    site = attrs.evolve(site, path=CUT)
    teacher = SiTTeacher(SiTTeacherOptions(teacher_file, prediction=prediction), site)
    student = make_backbone(site=site, seed=1, prediction=prediction)
    student.load_tangent(teacher.weights())
    assert torch.equal(student(x, t, t, cond), teacher.velocity(x, t, cond))
    assert student.network_options()["prediction"] == prediction


def test_a_path_that_ends_in_noise_alone_is_refused(teacher_file):
    site = BuildSite(make_spec(teacher_file), Linear())
    with pytest.raises(UserError, match=r"path.t_max = 0.999"):
        SiTTeacher(SiTTeacherOptions(teacher_file, prediction="noise"), site)


def make_spec(file):
    from secantfw import read_header

    return read_header(file).spec
