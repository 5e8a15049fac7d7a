"""What the framework adds to a hand-written loop, counted: no tensor work, little Python."""

from __future__ import annotations

import pytest
import torch
from counting import difference, operations, python_calls
from handwritten import handwritten_loop, handwritten_sampler
from null_experiment import prepare_null
from torch import nn

STEPS = 10


class KeepsValues:
    """An observer that keeps what a log would keep, as the hand-written loop does."""

    def __init__(self):
        self.done, self.kept, self.clock = 0, [], 0.0

    def step_done(self, done, loss, norm, terms):
        self.kept.append((loss.detach(), norm))


class NeverStops:
    requested, save_requested = None, False


class Bare(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))

    def forward(self, x, t, s):
        return x * self.scale


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    torch.set_num_threads(1)
    return prepare_null(tmp_path_factory.mktemp("null"))


def framework(run, steps):
    from secantfw.training.loop import train

    total = run.built.experiment.train.steps
    train(run.built, run.source, run.ctx, run.update, KeepsValues(), NeverStops(), total - steps)


def by_hand(run, steps):
    data = run.built.dataset.items("train", torch.arange(60000)).x_0
    return lambda: handwritten_loop(
        Bare(),
        lambda x, t: -x,
        data,
        steps=steps,
        batch_size=32,
        segments=4,
        learning_rate=1e-4,
        clip_norm=1.0,
        decay=0.9999,
    )


def test_a_training_step_has_the_operations_of_a_handwritten_one(run):
    framework(run, 3)  # AdamW's state and the data order exist from here on
    ours = difference(
        operations(lambda: framework(run, 2 * STEPS)), operations(lambda: framework(run, STEPS))
    )
    theirs = difference(operations(by_hand(run, 2 * STEPS)), operations(by_hand(run, STEPS)))
    assert ours == theirs


def test_a_training_step_makes_at_most_100_more_calls(run):
    framework(run, 3)
    ours = python_calls(lambda: framework(run, 2 * STEPS)) - python_calls(
        lambda: framework(run, STEPS)
    )
    theirs = python_calls(by_hand(run, 2 * STEPS)) - python_calls(by_hand(run, STEPS))
    assert (ours - theirs) / STEPS <= 100


def test_a_sampling_step_has_the_operations_of_a_handwritten_one(run):
    from secantfw import Cond
    from secantfw.sampling.draw import Start, draw
    from secantfw.sampling.field import student_field

    built = run.built
    x = torch.randn(32, 2)
    guidance = built.experiment.guidance
    bare = Bare()

    def ours(steps):
        field = student_field(built.student, built.path, guidance, 0)
        return lambda: draw(field, built.solver, Start(range(32), x, Cond()), steps)

    def theirs(steps):
        return lambda: handwritten_sampler(bare, x, steps)

    assert difference(operations(ours(16)), operations(ours(8))) == difference(
        operations(theirs(16)), operations(theirs(8))
    )
    calls = python_calls(ours(16)) - python_calls(ours(8))
    by_hand_calls = python_calls(theirs(16)) - python_calls(theirs(8))
    assert (calls - by_hand_calls) / 8 <= 20
