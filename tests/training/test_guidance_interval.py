"""Guidance of training inside an interval of time alone, as sampling guides."""

from __future__ import annotations

import pytest
import torch
from test_guidance import NULL, LabelPlusTime

from secantfw import Cond
from secantfw.experiment.schema import Guidance
from secantfw.parallel.context import (
    Amp,
    Counts,
    GuidedTeacher,
    StudentCall,
    TrainingInterval,
)
from secantfw.sampling.field import teacher_field

INTERVAL = (0.2, 0.5)
PICKED = TrainingInterval(INTERVAL, pick=True)
T = torch.tensor([0.1, 0.2, 0.3, 0.5, 0.7])
LABEL = torch.tensor([0, 1, 2, 1, 0])
SCALE = torch.tensor([3.0, 2.0, 1.5, 4.0, 2.0])
INSIDE = torch.tensor([False, False, True, True, False])


@pytest.mark.parametrize("channels", [None, 1])
def test_the_teacher_is_guided_inside_alone_and_pays_for_those_rows_alone(channels):
    counts = Counts()
    teacher = GuidedTeacher(LabelPlusTime(), NULL, counts, None, channels, PICKED)
    v = teacher(torch.zeros(5, 2), T, Cond(LABEL, SCALE))
    plain = LABEL + T
    guided = torch.where(INSIDE, NULL + T + SCALE * (LABEL - NULL), plain)
    torch.testing.assert_close(v[:, 0], guided)
    torch.testing.assert_close(v[:, 1], guided if channels is None else plain)
    assert counts.teacher == 5 + int(INSIDE.sum())


@pytest.mark.parametrize("t", T.tolist())
def test_training_follows_the_field_that_sampling_integrates(t):
    """The teacher's tangents in training are those of its field under the same interval."""
    teacher, cond = LabelPlusTime(), Cond(torch.tensor([1, 2]))
    time, x = torch.full((2,), t), torch.zeros(2, 1)
    field = teacher_field(teacher, Guidance(scale=2.0, interval=INTERVAL), NULL)
    trained = GuidedTeacher(teacher, NULL, Counts(), None, None, PICKED)
    cond_2 = Cond(cond.label, torch.full((2,), 2.0))
    torch.testing.assert_close(trained(x, time, cond_2), field.tangent(x, time, cond))


def test_the_student_is_told_scale_one_outside():
    told = []

    def network(x, t, s, cond):
        told.append(cond.guidance)
        return x

    call = StudentCall(network, Counts(), Amp(), PICKED)
    call(torch.zeros(5, 1), T, 0 * T, Cond(LABEL, SCALE))
    assert torch.equal(told[0], torch.where(INSIDE, SCALE, 1.0))


def test_no_row_inside_is_one_plain_call():
    counts = Counts()
    teacher = GuidedTeacher(LabelPlusTime(), NULL, counts, None, None, PICKED)
    t = torch.full((5,), 0.9)
    v = teacher(torch.zeros(5, 1), t, Cond(LABEL, SCALE))
    assert torch.equal(v, LabelPlusTime().velocity(torch.zeros(5, 1), t, Cond(LABEL)))
    assert counts.teacher == 5


def test_without_picking_every_row_is_evaluated_twice_to_the_same_end():
    """The shape that a compiled network sees does not depend on the times."""
    counts, x = Counts(), torch.zeros(5, 2)
    whole = GuidedTeacher(LabelPlusTime(), NULL, counts, None, None, TrainingInterval(INTERVAL))
    picked = GuidedTeacher(LabelPlusTime(), NULL, Counts(), None, None, PICKED)
    cond = Cond(LABEL, SCALE)
    torch.testing.assert_close(whole(x, T, cond), picked(x, T, cond))
    assert counts.teacher == 10
