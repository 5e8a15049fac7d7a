"""Half precision: what is computed in which dtype, and the scale that keeps float16 gradients."""

from __future__ import annotations

import json
import math

import pytest
import torch
from secantfw_parallel.options import NoOptions
from secantfw_parallel.single import SingleEngine
from small_experiment import TOML, only_run, weights, write
from torch import nn

from secantfw.experiment.schema import Ema, Train
from secantfw.interfaces.records import Cond
from secantfw.parallel.context import Amp, Counts, StudentCall
from secantfw.parallel.engine import EngineSite
from secantfw.parallel.group import ALONE
from secantfw.parallel.pieces import Pieces
from secantfw.training import loss_scale
from secantfw.training.ema import Average
from secantfw.training.loss_scale import LossScale
from secantfw.training.update import Update

CPU = torch.device("cpu")
RUNS = pytest.mark.plugin("basics", "data", "fid", "picard")


def test_the_scale_moves_as_torchs_grad_scaler_does(monkeypatch):
    monkeypatch.setattr(loss_scale, "PATIENCE", 3)
    own = LossScale(CPU)
    scaler = torch.amp.GradScaler("cpu", init_scale=loss_scale.FIRST, growth_interval=3)
    weight = nn.Parameter(torch.ones(()))
    optimizer = torch.optim.SGD([weight], lr=0.0)
    chance = torch.Generator().manual_seed(0)
    for _ in range(60):
        overflow = bool(torch.rand((), generator=chance) < 0.2)
        scaler.scale(weight * (math.inf if overflow else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        norm = torch.tensor(math.inf if overflow else 1.0)
        own.update(own.overflowed(torch.tensor(1.0), norm))
        assert own.value.item() == scaler.get_scale()
        assert math.log2(own.value.item()).is_integer()


def test_only_a_finite_loss_overflows_and_not_at_scale_one():
    scale, inf = LossScale(CPU), torch.tensor(math.inf)
    assert scale.overflowed(torch.tensor(1.0), inf)
    assert not scale.overflowed(inf, inf)
    assert not scale.overflowed(torch.tensor(1.0), torch.tensor(1.0))
    scale.load_state((1.0, 0.0))
    assert not scale.overflowed(torch.tensor(1.0), inf)


def made(precision: str, skip: int = 0):
    torch.manual_seed(0)
    student = nn.Linear(3, 2)
    options = Train(
        steps=100, batch_size=4, learning_rate=0.1, clip_norm=0.5, precision=precision,
        skip_nonfinite=skip,
    )  # fmt: skip
    average = Average(student, Ema(decay=0.9, warmup=False), 4)
    engine = SingleEngine(NoOptions(), EngineSite(ALONE, Pieces(range(4), 4)))
    return student, Update(student, average, options, engine)


def loss_of(student):
    return student(torch.arange(12.0).reshape(4, 3)).square().mean()


def test_a_scale_that_nothing_needs_changes_no_bit():
    plain, scaled = made("fp32"), made("fp16")
    for step in range(5):
        norms = [update(step, loss_of(student)) for student, update in (plain, scaled)]
        assert torch.equal(*norms)
    for a, b in zip(plain[0].parameters(), scaled[0].parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=0)


@pytest.mark.parametrize("skip", [0, 2])
def test_an_overflow_changes_the_scale_alone_and_does_not_count(skip):
    student, update = made("fp16", skip)
    update(0, loss_of(student))
    held = {**update.state(), **student.state_dict(), "room": update._room}
    before = {name: value.clone() for name, value in held.items()}
    student.weight.register_hook(lambda g: g * math.inf)
    for step in range(1, 6):
        update(step, loss_of(student))
        assert update.logged["loss_scale"] == loss_scale.FIRST / 2 ** (step - 1)
    after = {**update.state(), **student.state_dict(), "room": update._room}
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert update.scale.value == loss_scale.FIRST / 2**5


class Seen(nn.Module):
    """What autocast a call is under; None: none."""

    def forward(self, x, t, s, cond):
        on = torch.is_autocast_enabled("cpu")
        self.dtype = torch.get_autocast_dtype("cpu") if on else None
        return x


@pytest.mark.parametrize(
    ("trained", "target"),
    [(torch.bfloat16, None), (None, torch.bfloat16), (torch.float16, torch.bfloat16)],
)
def test_evaluations_without_gradient_are_of_the_target_s_precision(trained, target):
    network = Seen()
    call = StudentCall(network, Counts(), Amp(trained, target))
    x, t = torch.ones(2, 3), torch.ones(2)
    call(x, t, t, Cond(), grad=True)
    assert network.dtype == trained
    call(x, t, t, Cond())
    assert network.dtype == target


@RUNS
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_near_full_precision(secantfw, tmp_path, precision):
    losses = {}
    for name, words in (
        ("full", []),
        ("half", [f"train.precision={precision}"]),
        ("mixed", [f"train.precision={precision}", "train.target_precision=fp32"]),
    ):
        out = tmp_path / name
        said = secantfw("run", write(tmp_path), *words, "evaluate.samples=0", "--out", out)
        assert said.code == 0, said.err
        lines = (only_run(out) / "metrics.jsonl").read_text().splitlines()
        losses[name] = json.loads(lines[-1])["loss"]
    assert losses["half"] == pytest.approx(losses["full"], rel=0.02)
    assert losses["mixed"] == pytest.approx(losses["full"], rel=0.02)
    assert len(set(losses.values())) == 3, "the precision changed nothing"


def overflow_at(monkeypatch, steps):
    """The gradient of these steps is infinite, as float16's is where it overflows."""
    from secantfw.training import loop
    from secantfw.training.update import Update

    original = Update.__call__

    def update(self, step, loss):
        handle = None
        if step in steps:
            handle = self.parameters[0].register_hook(lambda g: g * math.inf)
        norm = original(self, step, loss)
        if handle is not None:
            handle.remove()
        return norm

    monkeypatch.setattr(loop.Update, "__call__", update)


@RUNS
def test_a_run_with_overflows_resumes_bit_for_bit(secantfw, tmp_path, monkeypatch):
    """Overflows at steps 3 and 9; the checkpoint of step 8 has the scale after the first."""
    overflow_at(monkeypatch, {2, 8})
    fp16 = ("train.precision=fp16", "evaluate.samples=0")
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    assert secantfw("run", write(tmp_path), *fp16, "--out", straight).code == 0
    run = only_run(straight)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    scales = {e["step"]: e["loss_scale"] for e in events if e["event"] == "overflow"}
    assert scales == {3: 2.0**16, 9: 2.0**15}
    state = json.loads((run / "checkpoints" / "step-000008" / "state.json").read_text())
    assert state["loss_scale"] == [2.0**15, 5.0]

    assert secantfw("run", write(tmp_path), *fp16, "--out", stopped).code == 0
    resumed = only_run(stopped) / "checkpoints" / "step-000008"
    (only_run(stopped) / "outcome.json").unlink()
    said = secantfw("run", "--resume", resumed)
    assert said.code == 0, said.err
    assert weights(only_run(stopped)) == weights(run)


@RUNS
def test_a_gradient_that_is_never_finite_fails_once_the_scale_is_one(
    secantfw, tmp_path, monkeypatch
):
    overflow_at(monkeypatch, range(100))
    words = ("train.precision=fp16", "train.steps=40", "train.log_every_steps=1")
    said = secantfw("run", write(tmp_path, TOML), *words, "--out", tmp_path / "out")
    assert said.code == 3
    assert "step 17: grad_norm not finite" in said.err  # 2^16 is halved 16 times
