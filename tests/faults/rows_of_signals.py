"""R4: signals within random steps.

Each row gives a verdict a fault: None where it was handled as specified, else what went wrong.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import attrs
from mutant import mutant, nothing
from rows_of_kills import resumable
from small_run import STEPS, Bench, last_line, outcome_of, run_of
from strangers import Verdicts

SIGNALS = (
    (signal.SIGINT, None, 130, "interrupted"),
    (signal.SIGTERM, None, 143, "terminated"),
    (signal.SIGINT, signal.SIGINT, 130, "interrupted"),
    (signal.SIGTERM, signal.SIGTERM, 143, "terminated"),
    (signal.SIGINT, signal.SIGTERM, 143, "terminated"),
    (signal.SIGUSR1, signal.SIGTERM, 143, "terminated"),
)


def signals(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R4: SIGINT, SIGTERM, two of them, and Slurm's SIGUSR1 then SIGTERM, within random steps."""
    for n in range(count):
        first, second, code, status = SIGNALS[n % len(SIGNALS)]
        step = rng.randrange(1, STEPS - 2)
        out = bench.case()
        before = _signalled(step, first, second, n % 4 == 3)
        ended = bench.run(out, before=before).wait()
        run = run_of(out)
        wrong = _wrong_end(run, ended.code, code, status)
        if not wrong and resumable(out):
            wrong = bench.identical(run)
        named = f"{first.name} {second.name if second else ''} at {step}"
        yield f"{named}: {wrong}; {last_line(ended.said)}" if wrong else None


def _signalled(step: int, first: int, second: int | None, late: bool):
    def before() -> None:
        from secantfw.runtime import signals
        from secantfw.training import loop

        signals._SAME_REQUEST_SECONDS = -1.0  # the second one is meant
        original = loop.Update.__call__

        def update(self, now, loss):
            if now == step and not late:
                os.kill(os.getpid(), first)
            done = original(self, now, loss)
            if now == step and late:
                os.kill(os.getpid(), first)
            if second is not None and now == step + (first == signal.SIGUSR1):
                os.kill(os.getpid(), second)
            return done

        loop.Update.__call__ = update

    return before


def _wrong_end(run: Path, code: int, expected: int, status: str) -> str | None:
    from secantfw.runtime.checkpoint_folder import damage, steps_in

    outcome = outcome_of(run)
    if code != expected or outcome is None or outcome["status"] != status:
        return f"exit {code}, outcome {outcome}"
    found = steps_in(run / "checkpoints")
    if any(damage(f) for f in found):
        return "a damaged checkpoint"
    at_once = "at once" in str(outcome["message"])
    if not at_once and (not found or int(found[-1].name[5:]) != outcome["step"]):
        return f"outcome says step {outcome['step']}, the newest checkpoint is {found[-1:]}"
    return None


@mutant("training.checkpoint:_parts", "R4")
def the_student_is_saved_as_its_average(parts):
    def wrong(student, update):
        made = parts(student, update)
        return {**made, "ema": made["student"]}

    return wrong


@mutant("parallel.engine:Engine.load", "R4")
def the_optimizer_is_not_restored(load):
    return _all_but("optimizer", load)


@mutant("parallel.engine:Engine.load", "R4")
def the_average_is_not_restored(load):
    return _all_but("ema", load)


def _all_but(name: str, load):
    return lambda self, place, tensors: None if place.name == name else load(self, place, tensors)


@mutant("runtime.metrics_log:_step", "R4", "R1")
def lines_past_the_checkpoint_stay(step):
    return lambda line: 0.0


@mutant("training.train_run:_observer", "R4")
def the_steps_since_the_last_line_are_forgotten(observer):
    return without(observer, pending=())


def without(observer, **lost: object):
    """Where a run goes on from a checkpoint, this of its state is not what it was."""

    def wrong(run, *rest):
        state = run.state and attrs.evolve(run.state, **lost)
        return observer(attrs.evolve(run, state=state), *rest)

    return wrong


@mutant("training.generators:load_global_state", "R4")
def the_generator_of_torch_is_not_restored(load):
    return _all_but_generator("torch", load)


@mutant("training.generators:load_global_state", "R4")
def the_generator_of_python_is_not_restored(load):
    return _all_but_generator("python/", load)


def _all_but_generator(prefix: str, load):
    """One stays as it is in this process."""
    from secantfw.training.generators import global_state

    def wrong(state):
        own = {name: value for name, value in global_state().items() if name.startswith(prefix)}
        load({**state, **own})

    return wrong


@mutant("training.checkpoint:restore_generators", "R4")
def generators_are_seeded_as_at_the_start(restore):
    from secantfw.training.generators import seed_global

    return lambda checkpoint, seed, step, group: seed_global(seed)


@mutant("session.resume:_restore_time_sampler", "R4")
def the_time_sampler_starts_afresh(restore):
    return nothing


@mutant("runtime.signals:StopRequest._handle", "R4")
def sigusr1_ends_a_run_at_once(handle):
    from secantfw.runtime.signals import _end

    def wrong(self, number, frame):
        if number == signal.SIGUSR1:
            _end(number)
        handle(self, number, frame)

    return wrong


@mutant("training.observe:Observer.save", "R4")
def a_stopped_run_is_not_saved(save):
    def wrong(self, done, final=True):
        if not final or done == self.run.steps:
            save(self, done, final)

    return wrong
