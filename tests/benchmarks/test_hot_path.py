"""Options that make a step faster leave its numbers as they are."""

from __future__ import annotations

import pytest
import torch
from compile_rows import of_loss, of_sampler
from small_sit import Parts, experiment
from training_rows import KeepsValues, NeverStops

from secantfw import Cond
from secantfw.runtime.randomness import Streams
from secantfw.training.loop import train

pytestmark = pytest.mark.plugin("basics", "data", "picard", "sit")
CPU = torch.device("cpu")


def numbers(folder, loss, *overrides):
    """The losses, gradient norms and averaged weights of three steps."""
    loaded = experiment(folder, loss, True, "train.steps=3", *overrides)
    parts, seen = Parts(loaded, CPU, Streams(0, CPU)), KeepsValues()
    train(parts.built, parts.source, parts.ctx, parts.update, seen, NeverStops(), 0)
    kept = [v for pair in seen.kept for v in pair]
    return [*kept, *(p.detach() for p in parts.average.network.parameters())]


@pytest.mark.parametrize(
    "overrides",
    [
        ("train.data='prefetch'",),
        ("train.data='device'",),
        ("train.compile='whole'", "train.compile_backend='eager'"),
        ("train.compile='blocks'", "train.compile_backend='eager'"),
        ("backbone.checkpoint_activations=true",),
    ],
    ids=" ".join,
)
def test_the_numbers_are_the_same_bits(tmp_path, overrides):
    plain, other = numbers(tmp_path, "sdei"), numbers(tmp_path, "sdei", *overrides)
    assert len(plain) == len(other)
    assert all(map(torch.equal, plain, other))


def test_a_loss_and_a_sampler_are_one_graph_each_for_all_steps(tmp_path):
    parts = Parts(experiment(tmp_path, "sdei", True), CPU, Streams(0, CPU))
    assert of_loss(parts) == 0
    cond = Cond(torch.arange(2), torch.full((2,), 1.5))
    assert of_sampler(parts.built, torch.randn(2, 1, 16, 16), cond) == 0


def test_the_fused_call_of_stei_is_its_two_calls(tmp_path):
    """Equal to rounding: one matrix product of 2B rows sums as two of B rows do, or nearly."""
    two = numbers(tmp_path, "stei", "loss.fused=false")
    for a, b in zip(two, numbers(tmp_path, "stei", "loss.fused=true"), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_a_compiled_student_keeps_the_names_of_its_weights(tmp_path):
    compiled = experiment(tmp_path, "sdei", False, "train.compile='whole'")
    plain = experiment(tmp_path, "sdei", False)
    names = [
        list(Parts(e, CPU, Streams(0, CPU)).built.student.state_dict()) for e in (compiled, plain)
    ]
    assert names[0] == names[1]
