"""R21: wall clocks that jump while a run is going on, files dated in the past or the future."""

from __future__ import annotations

import datetime as module
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from rows_of_kills import after_a_kill
from small_run import Bench, runs_in
from strangers import Verdicts

LATEST = 2**32  # the year 2106
_DATETIME = "secantfw.runtime.event_log", "secantfw.runtime.run_directory"


def clocks(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """Killed and resumed under jumping clocks, all files dated at random in between: the newest
    checkpoint is that of the highest step, whatever its date, and the end is the straight run's.
    """
    for n in range(count):
        out = bench.case()
        child = bench.run(out, before=_jumping(n))
        if n % 3:
            time.sleep(rng.uniform(0.3, 1.2) * bench.seconds)
            child.send(signal.SIGKILL)
        child.wait()
        newest = max(_steps_saved(out), default=None)
        for run in runs_in(out):
            _date_at_random(run, rng)
        wrong = after_a_kill(bench, out)
        at = _resumed_at(out)
        yield wrong or (f"resumed at {at}, not at {newest}" if at not in (None, newest) else None)


def _steps_saved(out: Path) -> list[int]:
    return [int(p.parent.name[5:]) for p in out.glob("*/*/checkpoints/step-??????/state.json")]


def _resumed_at(out: Path) -> int | None:
    """The step of the last line about resuming, where there is one."""
    lines = [line for file in out.glob("*/*/events.jsonl") for line in file.open()]
    steps = [e["step"] for e in map(json.loads, lines) if e["event"] == "resumed"]
    return steps[-1] if steps else None


def _jumping(seed: int) -> Callable[[], None]:
    """Replaces the wall clocks of Python and of the modules that stamp a run."""

    def before() -> None:
        import importlib

        rng = random.Random(seed)

        class Jumping(module.datetime):
            @classmethod
            def now(cls, tz=None):
                return module.datetime.fromtimestamp(rng.randrange(LATEST), tz)

        time.time = lambda: float(rng.randrange(LATEST))
        time.time_ns = lambda: rng.randrange(LATEST) * 10**9
        for name in _DATETIME:
            importlib.import_module(name).datetime = Jumping

    return before


def _date_at_random(run: Path, rng: random.Random) -> None:
    for file in [*run.rglob("*"), run]:
        date = rng.randrange(LATEST)
        os.utime(file, (date, date), follow_symlinks=False)
