"""R1 and R2: kills at random times and at every kind of moment of a write.

Each row gives a verdict a fault: None where it was handled as specified, else what went wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

from mutant import mutant
from small_run import Bench, last_line, run_of, runs_in
from strangers import Verdicts
from wrapped_files import Counter, die, wrap


def _wrapped(at: int, act, root: Path):
    return lambda: wrap(Counter(at, act), root)


def moments(bench: Bench) -> list[str]:
    """The names of all moments of the straight run, in order."""
    out = bench.case()

    def before() -> None:
        counter = Counter(-1, die)
        wrap(_listing(counter, out / "moments.json"), out)

    ended = bench.run(out, before=before).wait()
    assert ended.code == 0, ended.said
    return json.loads((out / "moments.json").read_text())


def _listing(counter: Counter, file: Path):
    descriptor_open, write, close = os.open, os.write, os.close

    def hook(name: str, path: str, when: str) -> None:
        counter(name, path, when)
        descriptor = descriptor_open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        write(descriptor, json.dumps(counter.names).encode())
        close(descriptor)

    return hook


def kills(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R1: SIGKILL at a random time, or at a random moment of a write; every third run twice."""
    names = moments(bench)
    for n in range(count):
        out = bench.case()
        if n % 2:
            bench.run(out, before=_wrapped(rng.randrange(len(names)), die, out)).wait()
        else:
            child = bench.run(out)
            time.sleep(rng.uniform(0, 1.5 * bench.seconds))
            child.send(signal.SIGKILL)
            child.wait()
        if n % 3 == 0 and resumable(out):
            run = run_of(out)
            at = rng.randrange(len(names))
            bench.resume(run, before=_wrapped(at, die, run))
        yield after_a_kill(bench, out)


def after_a_kill(bench: Bench, out: Path) -> str | None:
    """A killed run resumes bit for bit, or had no checkpoint yet and says so in one line."""
    from secantfw.runtime.checkpoint_folder import damage, steps_in

    for run in runs_in(out):
        if any(damage(checkpoint) for checkpoint in steps_in(run / "checkpoints")):
            return "half a checkpoint under a checkpoint's name"
    if resumable(out):
        return bench.identical(run_of(out))
    if not runs_in(out):
        return None
    ended = bench.resume(run_of(out))
    one_line = ended.code == 2 and "no valid checkpoint" in ended.said
    return None if one_line else f"without a checkpoint: {ended.code} {last_line(ended.said)}"


def resumable(out: Path) -> bool:
    return any(any(run.glob("checkpoints/step-??????/state.json")) for run in runs_in(out))


def named_points(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R2: an end at each kind of moment of save, prune, rename and resume, first and later."""
    names = moments(bench)
    kinds: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        kinds.setdefault(_kind(name), []).append(at)
    points = [(kind, at) for kind, found in kinds.items() for at in {found[0], found[-1]}]
    rng.shuffle(points)
    for kind, at in points[:count]:
        out = bench.case()
        ended = bench.run(out, before=_wrapped(at, die, out)).wait()
        wrong = after_a_kill(bench, out) if ended.code == -9 else f"not killed: {ended.code}"
        yield f"{kind}: {wrong}" if wrong else None


def _kind(name: str) -> str:
    """A moment without the numbers in it."""
    return "".join(c for c in name if not c.isdigit())


@mutant("training.checkpoint:temporary_of", "R2")
def a_checkpoint_is_filled_under_its_own_name(temporary_of):
    return lambda checkpoint: checkpoint


@mutant("training.observe:prune", "R2")
def the_newest_are_pruned(prune):
    from secantfw.runtime.checkpoint_folder import steps_in
    from secantfw.runtime.writing import remove

    def wrong(folder, keep_last, keep_every=None):
        for checkpoint in steps_in(folder)[keep_last:]:
            remove(checkpoint)

    return wrong
