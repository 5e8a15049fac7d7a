"""The optimiser step and the average: formulas, schedules, non-finite numbers."""

from __future__ import annotations

import copy
import itertools
import math

import pytest
import torch
from secantfw_parallel.options import NoOptions
from secantfw_parallel.single import SingleEngine
from small_experiment import TOML, only_run, write
from torch import nn

from secantfw.experiment.schema import Ema, Train
from secantfw.parallel.engine import EngineSite
from secantfw.parallel.group import ALONE
from secantfw.parallel.pieces import Pieces
from secantfw.training.ema import Average
from secantfw.training.update import Update


def made(**keys):
    torch.manual_seed(0)
    student = nn.Linear(3, 2)
    options = Train(steps=100, batch_size=4, learning_rate=0.1, **keys)
    average = Average(student, Ema(decay=0.9, warmup=False), 4)
    engine = SingleEngine(NoOptions(), EngineSite(ALONE, Pieces(range(4), 4)))
    return student, Update(student, average, options, engine)


def loss_of(student):
    return student(torch.arange(12.0).reshape(4, 3)).square().mean()


def test_the_average_is_the_recursion_written_out():
    student, update = made()
    expected = copy.deepcopy(student.weight.data)
    for step in range(5):
        update(step, loss_of(student))
        expected = 0.9 * expected + 0.1 * student.weight.data
    torch.testing.assert_close(update.average.network.weight.data, expected)


def test_the_average_warms_up():
    average = Average(nn.Linear(1, 1), Ema(decay=0.999), 4)
    assert average.decay(0) == pytest.approx(0.1)
    assert average.decay(90) == pytest.approx(0.91)
    assert average.decay(10**6) == 0.999


def test_a_half_life_is_in_images_and_ramps_up_as_in_edm():
    """After h images of a still student the distance to it has halved. Ramped up, the decay is
    2^(-1 / (ratio n)): 2^(-H_n / ratio) in all, with H_n the n-th harmonic number.
    """
    student = nn.Linear(1, 1)
    average = Average(student, Ema(halflife_images=640.0), 64)
    start = student.weight.item()
    student.weight.data += 1.0
    with torch.no_grad():
        for n in range(10):
            average.update(n)
    assert average.network.weight.item() - start == pytest.approx(0.5, abs=1e-6)
    ramped = Average(student, Ema(halflife_images=1e9, rampup_ratio=0.05), 64)
    assert ramped.decay(0) == 0
    product = math.prod(ramped.decay(n) for n in range(1, 9))
    assert product == pytest.approx(2 ** -sum(1 / (0.05 * n) for n in range(1, 9)))
    late = Average(student, Ema(halflife_images=640.0, rampup_ratio=0.05), 64)
    assert late.decay(199) < late.decay(200) == late.decay(10**6) == pytest.approx(0.5**0.1)


def test_the_update_is_torch_adamw_with_clipping():
    student, update = made(clip_norm=0.5, weight_decay=0.01)
    twin = copy.deepcopy(student)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.1, weight_decay=0.01, fused=True)
    for step in range(4):
        norm = update(step, loss_of(student))
        loss_of(twin).backward()
        expected = nn.utils.clip_grad_norm_(twin.parameters(), 0.5)
        optimizer.step()
        optimizer.zero_grad()
        assert torch.equal(norm, expected)
    assert torch.equal(student.weight, twin.weight)


def test_the_schedule_warms_up_and_follows_a_cosine():
    _, update = made(warmup_steps=10, schedule="cosine", final_learning_rate=0.01)
    rates = [update.learning_rate(step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.01 * (i + 1) for i in range(10)])
    assert rates[10] == pytest.approx(0.1)
    assert rates[55] == pytest.approx(0.055)
    assert rates[99] == pytest.approx(0.01, abs=1e-3)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))


def test_a_non_finite_gradient_leaves_parameters_and_step_count_alone():
    student, update = made()
    update(0, loss_of(student))
    before = {k: v.clone() for k, v in {**update.state(), **student.state_dict()}.items()}
    update(1, loss_of(student) * math.nan)
    after = {**update.state(), **student.state_dict()}
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert all(p.isfinite().all() for p in update.average.network.parameters())


@pytest.mark.plugin("basics", "data", "fid", "picard")
def test_a_non_finite_loss_stops_the_run_with_its_step(secantfw, tmp_path, monkeypatch):
    from secantfw.training import loop

    original = loop.Update.__call__
    monkeypatch.setattr(
        loop.Update,
        "__call__",
        lambda self, step, loss: original(self, step, loss * (math.nan if step == 6 else 1)),
    )
    said = secantfw("run", write(tmp_path, TOML), "--out", tmp_path / "out")
    assert said.code == 3
    assert "step 7: grad_norm not finite" in said.err
    run = only_run(tmp_path / "out")
    assert sorted(p.name for p in (run / "checkpoints").iterdir()) == ["step-000004"]
    assert '"failed"' in (run / "outcome.json").read_text()
