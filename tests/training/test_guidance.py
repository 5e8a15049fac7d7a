"""Classifier-free guidance in training: per row, by the labels' null class, told scale 1."""

from __future__ import annotations

import pytest
import torch

from secantfw import Cond, Teacher
from secantfw.errors import UserError
from secantfw.parallel.context import Counts, GuidedTeacher, NoTeacher, RunContext
from secantfw.sampling.guidance import scale_at

NULL = 3


class LabelPlusTime(Teacher):
    """v = label + t: guidance is linear in the label's number."""

    path = None

    def velocity(self, x, t, cond):
        return x * 0 + (cond.label + t).reshape(-1, 1)

    def to(self, device):
        return self

    def weights(self):
        return None

    def num_parameters(self):
        return 0


def told(x, t, s, cond, *, grad=False):
    """A student whose output says what it was told: 10 label + guidance + t."""
    assert torch.equal(t, s)
    return x * 0 + (10 * cond.label + cond.guidance + t).reshape(-1, 1)


def test_the_teacher_is_guided_row_by_row():
    counts = Counts()
    teacher = GuidedTeacher(LabelPlusTime(), NULL, counts, None)
    label, w = torch.tensor([0, 1, 2]), torch.tensor([1.0, 2.0, 0.5])
    t = torch.tensor([0.1, 0.2, 0.3])
    v = teacher(torch.zeros(3, 1), t, Cond(label, w))
    expected = (NULL + t) + w * (label - NULL)
    torch.testing.assert_close(v.flatten(), expected)
    assert counts.teacher == 6  # one call of 2B rows


def test_only_the_first_channels_are_guided():
    """The others keep the labelled output, in the teacher's targets as in the student's own."""
    label, w, t = torch.tensor([0, 1]), torch.tensor([2.0, 3.0]), torch.tensor([0.5, 0.25])
    x, cond = torch.zeros(2, 4), Cond(label, w)
    teacher = GuidedTeacher(LabelPlusTime(), NULL, Counts(), None, channels=3)
    plain, all_four = LabelPlusTime().velocity(x, t, cond), NULL + t + w * (label - NULL)
    assert torch.equal(teacher(x, t, cond)[:, 3], plain[:, 3])
    torch.testing.assert_close(teacher(x, t, cond)[:, :3], all_four[:, None].expand(2, 3))
    ctx = RunContext.__new__(RunContext)
    ctx._null, ctx._channels, ctx._interval = NULL, 3, None
    own = ctx.guided_tangent(told, x, t, cond)
    torch.testing.assert_close(own[:, 3], 10 * label + 1 + t)
    torch.testing.assert_close(own[:, 2], 10 * NULL + 1 + t + w * 10 * (label - NULL))


def test_without_a_scale_the_teacher_is_called_once():
    counts = Counts()
    GuidedTeacher(LabelPlusTime(), NULL, counts, None)(
        torch.zeros(3, 1), torch.zeros(3), Cond(torch.tensor([0, 1, 2]))
    )
    assert counts.teacher == 3


def test_a_guided_tangent_tells_the_network_scale_one():
    ctx = RunContext.__new__(RunContext)
    ctx._null, ctx._channels, ctx._interval = NULL, None, None
    label, w, t = torch.tensor([0, 1]), torch.tensor([2.0, 3.0]), torch.tensor([0.5, 0.25])
    f = ctx.guided_tangent(told, torch.zeros(2, 1), t, Cond(label, w))
    expected = (10 * NULL + 1 + t) + w * 10 * (label - NULL)
    torch.testing.assert_close(f.flatten(), expected)


def test_the_interval_is_open_below_and_closed_above():
    t = torch.tensor([0.0, 0.25, 0.3, 0.75, 0.8])
    assert scale_at(t, 2.0, (0.25, 0.75)).tolist() == [1, 1, 2, 2, 1]
    assert scale_at(t.double(), 1.3, (0.0, 1.0))[1].item() == 1.3  # float64 stays float64


def test_the_whole_interval_includes_both_ends():
    """Heun's method evaluates at t = 0 too."""
    assert scale_at(torch.tensor([0.0, 1.0]), 2.0, (0.0, 1.0)).tolist() == [2, 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_end_of_the_interval_that_is_a_time_of_the_grid_is_that_time(dtype):
    """SiT's 0.3 <= i/N < 0.7 for any N, whatever the rounding of t = 1 - i/N."""
    for steps in (10, 20, 30, 70):
        i = torch.arange(steps)
        t = torch.lerp(
            torch.ones(1, dtype=dtype), torch.zeros(1, dtype=dtype), (i / steps).to(dtype)
        )
        inside = scale_at(t, 2.0, (1 - 0.7, 1 - 0.3)) == 2
        assert torch.equal(inside, (10 * i >= 3 * steps) & (10 * i < 7 * steps))


def test_a_loss_that_asks_for_no_teacher_is_told_so():
    with pytest.raises(UserError, match=r"no \[teacher\]"):
        NoTeacher()(torch.zeros(1, 1), torch.zeros(1), Cond())
