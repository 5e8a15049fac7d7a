"""R11: NaN and infinity in the loss, the gradient, the data, the teacher."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import torch
from mutant import mutant
from rows_of_signals import without
from small_run import (
    STEPS,
    Bench,
    end_of,
    last_line,
    run_of,
)
from strangers import Verdicts

NAN, INF = float("nan"), float("inf")


def non_finite(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R11: NaN and infinity in loss, gradient, data, teacher; one step, several, for ever."""
    cases = [
        (what, value, steps, skip)
        for what in (_in_loss, _in_gradient, _in_data, _in_teacher)
        for value in (NAN, INF)
        for steps, skip in ((1, 0), (1, 2), (2, 2), (3, 2), (99, 2))
    ]
    rng.shuffle(cases)
    for what, value, steps, skip in cases[:count]:
        first = rng.randrange(1, STEPS - 5)
        out = bench.case()
        bad = range(first, first + steps)
        key = f"train.skip_nonfinite={skip}"
        ended = bench.run(out, key, before=lambda w=what, b=bad, v=value: w(b, v)).wait()
        stops = steps > skip
        wrong = _wrong_numbers(run_of(out), ended.code, ended.said, stops, first + skip + 1, what)
        yield f"{what.__name__} {value} {steps}/{skip}: {wrong}" if wrong else None


def _wrong_numbers(
    run: Path, code: int, said: str, stops: bool, step: int, what: Callable[..., None]
) -> str | None:
    from secantfw.errors import UserError
    from secantfw.runtime.checkpoint_folder import damage, steps_in
    from secantfw.weights.safetensors import load_weights

    if code != (3 if stops else 0):
        return f"exit {code}: {last_line(said)}"
    for checkpoint in steps_in(run / "checkpoints"):
        if damage(checkpoint):
            return str(damage(checkpoint))
        for file in checkpoint.glob("*.safetensors"):
            try:
                load_weights(file)  # refuses what is not finite
            except UserError as error:
                return str(error)
    if not stops:
        events = (run / "events.jsonl").read_text().splitlines()
        return None if any('"skipped"' in e for e in events) else "skipped without a word"
    found = json.loads((run / "diagnosis" / f"step-{step:06d}" / "diagnosis.json").read_text())
    named = {"_in_loss": "", "_in_gradient": "gradient of ", "_in_data": "x_0"}
    expected = named.get(what.__name__, "output of teacher")
    if f"step {step}: " not in said or (expected and expected not in str(found["tensors"])):
        return f"does not name step {step} and {expected!r}: {last_line(said)} {found['tensors']}"
    if what is _in_data and found["items"] != [int(found["items"][0])]:
        return f"blames items {found['items']}"
    return None


def _in_loss(steps: range, value: float) -> None:
    from secantfw.training import loop

    original = loop.Update.__call__

    def update(self, step, loss):
        return original(self, step, loss * value if step in steps else loss)

    loop.Update.__call__ = update


def _now(then: Callable[[int], None]) -> None:
    """Call `then` with the step before its batch is drawn."""
    from secantfw.training.batches import BatchSource

    original = BatchSource.batch

    def batch(self, step):
        then(step)
        return original(self, step)

    BatchSource.batch = batch


def _in_gradient(steps: range, value: float) -> None:
    now = [0]
    _now(lambda step: now.__setitem__(0, step))
    from secantfw.training import job

    original = job.build_experiment

    def built(*given):
        made = original(*given)
        parameter = next(made.student.parameters())
        parameter.register_hook(lambda g: g + value if now[0] in steps else g)
        return made

    job.build_experiment = built


def _in_data(steps: range, value: float) -> None:
    now = [0]
    _now(lambda step: now.__setitem__(0, step))
    from secantfw_data.gaussian_mixture import GaussianMixture

    original = GaussianMixture.items

    def items(self, split, index):
        made = original(self, split, index)
        if now[0] in steps and len(index) > 2:
            made.x_0[5, 0] = value
        return made

    GaussianMixture.items = items


def _in_teacher(steps: range, value: float) -> None:
    now = [0]
    _now(lambda step: now.__setitem__(0, step))
    from secantfw_data.mixture_teacher import GaussianMixtureTeacher

    original = GaussianMixtureTeacher.velocity

    def velocity(self, x, t, cond):
        v = original(self, x, t, cond)
        if now[0] in steps and len(x) > 2:
            v[3] = value
        return v

    GaussianMixtureTeacher.velocity = velocity


def skipped_and_resumed(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R11, second half: a run stopped among skipped steps resumes bit for bit; one step more than
    may be skipped stops it, also across the resume; the option alone changes nothing.
    """
    keys = ("train.skip_nonfinite=3",)
    out = bench.case()
    bench.run(out, *keys).wait()
    yield None if end_of(run_of(out)) == bench.end else "skip_nonfinite changes a sound run"
    for n in range(count):
        first = rng.randrange(1, STEPS - 5)
        bad = range(first, first + 3 + n % 2)
        straight, stopped = bench.case(), bench.case()
        expected = bench.run(straight, *keys, before=lambda b=bad: _in_loss(b, NAN)).wait().code

        def before(b: range = bad) -> None:
            _in_loss(b, NAN)
            _now(lambda step: os.kill(os.getpid(), signal.SIGTERM) if step == b[1] else None)

        bench.run(stopped, *keys, before=before).wait()
        run = run_of(stopped)
        ended = bench.resume(run, before=lambda b=bad: _in_loss(b, NAN))
        same = ended.code == expected == (0 if len(bad) == 3 else 3)
        if same and ended.code == 0:
            same = end_of(run) == end_of(run_of(straight))
        yield None if same else f"skipping {bad}: {ended.code} {last_line(ended.said)}"


@mutant("training.train_run:_observer", "R11")
def steps_skipped_in_a_row_are_forgotten(observer):
    return without(observer, skipped_in_a_row=0)


@mutant("training.ema:Average.update_where", "R11")
def skipped_steps_alone_are_averaged(update_where):
    return lambda self, n, keep: update_where(self, n, 1.0 - keep)


@mutant("training.update:Update.__init__", "R11")
def steps_that_are_not_finite_are_taken(init):
    """AdamW is never told of them."""

    def all_is_finite(optimizer, _given, _named):
        optimizer.found_inf = torch.zeros_like(optimizer.found_inf)

    def wrong(self, *given):
        init(self, *given)
        self.optimizer.register_step_pre_hook(all_is_finite)

    return wrong
