"""R4: signals within random steps.

Each row gives a verdict a fault: None where it was handled as specified, else what went wrong.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

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
