"""Seeded bugs: each puts a wrong function, or value, in the place of a right one.

`@mutant(what is wrong, rows...)` stands above a function that calls `patch`; the rows of the fault
table that are named must see it.
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections.abc import Callable
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import torch

CHECKPOINT = "secantfw.training.checkpoint"
FOLDER = "secantfw.runtime.checkpoint_folder"
WRITING = "secantfw.runtime.writing"
TERMINAL = "secantfw.runtime.terminal"
OBSERVER = "secantfw.training.observe:Observer"
ENGINE = "secantfw.parallel.engine:Engine"


@attrs.frozen
class Mutant:
    """`apply` breaks secantfw in this process; `rows` must see it."""

    what: str
    apply: Callable[[], None]
    rows: tuple[str, ...]


MUTANTS: list[Mutant] = []


def mutant(what: str, *rows: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def listed(apply: Callable[[], None]) -> Callable[[], None]:
        MUTANTS.append(Mutant(what, apply, rows))
        return apply

    return listed


def right(place: str, name: str) -> Any:
    """What stands at `name` of `module` or `module:Class`."""
    return getattr(_holder(place), name)


def patch(place: str, name: str, wrong: Any) -> None:
    """Replace what stands there; a name that does not is an AttributeError."""
    right(place, name)
    setattr(_holder(place), name, wrong)


def _holder(place: str) -> Any:
    module, _, cls = place.partition(":")
    found = import_module(module)
    return getattr(found, cls) if cls else found


def skip(place: str, name: str, skipped: Callable[[Any], bool]) -> None:
    """A function of a path that does nothing for some."""
    original = right(place, name)
    patch(place, name, lambda path: None if skipped(path) else original(path))


def after_init(place: str, **values: Any) -> None:
    """Attributes that the constructor leaves at other values."""
    original = right(place, "__init__")

    def wrong(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        for name, value in values.items():
            assert hasattr(self, name)
            setattr(self, name, value)

    patch(place, "__init__", wrong)


# checkpoints


@mutant("a checkpoint's files are not flushed", "R3")
def _() -> None:
    skip(CHECKPOINT, "sync", Path.is_file)


@mutant("the name of a checkpoint is not flushed", "R3")
def _() -> None:
    skip(CHECKPOINT, "sync", lambda path: path.name == "checkpoints")


@mutant("the name of a replaced file is not flushed", "R3")
def _() -> None:
    skip(WRITING, "sync", Path.is_dir)


@mutant("a replaced file is not flushed", "R3")
def _() -> None:
    skip(WRITING, "sync", Path.is_file)


@mutant("what could not be written stays", "R6")
def _() -> None:
    patch(CHECKPOINT, "shutil", SimpleNamespace(rmtree=lambda *_, **__: None))


@mutant("a checkpoint is filled under its own name", "R2", "R6")
def _() -> None:
    patch(CHECKPOINT, "unfinished", lambda checkpoint: checkpoint)


@mutant("the student is saved as the average", "R4")
def _() -> None:
    original = right(CHECKPOINT, "_parts")

    def wrong(student: Any, update: Any) -> dict[str, Any]:
        parts = original(student, update)
        return {**parts, "ema": parts["student"]}

    patch(CHECKPOINT, "_parts", wrong)


def _not_loaded(part: str) -> None:
    original = right(ENGINE, "load")

    def wrong(self: Any, place: Path, tensors: Any) -> None:
        if place.name != part:
            original(self, place, tensors)

    patch(ENGINE, "load", wrong)


@mutant("the optimiser's state is not loaded", "R4")
def _() -> None:
    _not_loaded("optimizer")


@mutant("the average is not loaded", "R4")
def _() -> None:
    _not_loaded("ema")


@mutant("files are not compared with the manifest", "R5")
def _() -> None:
    patch(FOLDER, "required", lambda files: [])


@mutant("the manifest is not compared with its hash", "R5")
def _() -> None:
    patch(FOLDER, "manifest_digest", lambda manifest: manifest.get("manifest_sha256"))


@mutant("a manifest of another step is taken", "R5")
def _() -> None:
    original = right(FOLDER, "_wrong_key")

    def wrong(manifest: Any, step: int) -> str | None:
        said = manifest.get("step", step) if isinstance(manifest, dict) else step
        return original(manifest, said)

    patch(FOLDER, "_wrong_key", wrong)


@mutant("the oldest checkpoint is taken for the newest", "R5")
def _() -> None:
    steps_in, damage = right(FOLDER, "steps_in"), right(FOLDER, "damage")

    def wrong(folder: Path) -> tuple[Path, list[str]]:
        return next((one, []) for one in steps_in(folder) if damage(one) is None)

    patch(FOLDER, "newest_valid", wrong)


@mutant("the newest checkpoints are pruned", "R2")
def _() -> None:
    steps_in, remove = right(FOLDER, "steps_in"), right(FOLDER, "_remove")

    def wrong(folder: Path, keep_last: int, keep_every: int | None = None) -> None:
        for one in steps_in(folder)[-keep_last:]:
            remove(one)

    patch(FOLDER, "prune", wrong)


# logs and counts


@mutant("skipped steps are forgotten on resume", "R11")
def _() -> None:
    after_init(OBSERVER, _skipped_in_a_row=0)


@mutant("pending values are forgotten on resume", "R4")
def _() -> None:
    after_init(OBSERVER, _pending=[])


@mutant("the log is not flushed before a checkpoint", "R3")
def _() -> None:
    patch("secantfw.runtime.metrics_log:MetricsLog", "sync", lambda self: None)


@mutant("lines past the checkpoint stay in the log", "R4", "R1")
def _() -> None:
    patch("secantfw.runtime.metrics_log", "_step", lambda line: 0.0)


# randomness


def _kept(get: Callable[[], Any], put: Callable[[Any], Any]) -> None:
    """One generator is as it was before the state was loaded."""
    place = "secantfw.training.generators"
    original = right(place, "load_global_state")

    def wrong(state: Any) -> None:
        before = get()
        original(state)
        put(before)

    patch(place, "load_global_state", wrong)


@mutant("torch's generator is not restored", "R4")
def _() -> None:
    _kept(torch.get_rng_state, torch.set_rng_state)


@mutant("Python's generator is not restored", "R4")
def _() -> None:
    _kept(random.getstate, random.setstate)


@mutant("a resumed run seeds its generators anew", "R4")
def _() -> None:
    seed_global = right("secantfw.training.generators", "seed_global")
    patch(CHECKPOINT, "restore_generators", lambda file, seed, step, group: seed_global(seed))


@mutant("the time sampler's state is not restored", "R4")
def _() -> None:
    patch("secantfw.session.resume", "_restore_time_sampler", lambda *_: None)


# numbers that are not finite


@mutant("a skipped step moves the average", "R11")
def _() -> None:
    def wrong(self: Any, n: int, keep: torch.Tensor) -> None:
        weight = keep + (1.0 - self.decay(n))
        torch._foreach_lerp_(self._average, self._live, [weight] * len(self._live))

    patch("secantfw.training.ema:Average", "update_where", wrong)


@mutant("a step that is not finite changes the weights", "R11")
def _() -> None:
    make = right("secantfw.training.update", "make_optimizer")

    def wrong(parameters: Any, options: Any) -> Any:
        optimizer = make(parameters, options)
        step = optimizer.step

        def blind() -> None:
            optimizer.found_inf = torch.zeros_like(optimizer.found_inf)
            step()

        optimizer.step = blind
        return optimizer

    patch("secantfw.training.update", "make_optimizer", wrong)


# lock and signals


@mutant("a run's lock keeps nobody out", "R12")
def _() -> None:
    place = "secantfw.runtime.lock:RunLock"
    original = right(place, "__init__")

    def wrong(self: Any, directory: Path, *, shared: bool = False) -> None:
        original(self, directory, shared=True)

    patch(place, "__init__", wrong)


@mutant("SIGUSR1 ends the run", "R4")
def _() -> None:
    place, end = "secantfw.runtime.signals:StopRequest", right("secantfw.runtime.signals", "_end")
    original = right(place, "_handle")

    def wrong(self: Any, number: int, frame: Any) -> None:
        return end(number) if number == signal.SIGUSR1 else original(self, number, frame)

    patch(place, "_handle", wrong)


@mutant("a signal ends the run unsaved", "R4")
def _() -> None:
    original = right(OBSERVER, "save")

    def wrong(self: Any, done: int, final: bool = True) -> None:
        if not final or done == self._train.steps:
            original(self, done, final)

    patch(OBSERVER, "save", wrong)


# what comes after training, and what strangers bring


@mutant("any folder is thrown away as an evaluation", "R22")
def _() -> None:
    patch("secantfw.evaluation.kept_rows", "_OWN", re.compile(r"(?s).*"))


@mutant("numbers that are published are looked for where they were", "R25")
def _() -> None:
    patch("secantfw.evaluation.publish", "numbers_folder", lambda run: run)


@mutant("pictures that are published are looked for where they were", "R25")
def _() -> None:
    patch("secantfw.evaluation.publish", "pictures_folder", lambda run: run / "samples")


@mutant("a broken output raises", "R23")
def _() -> None:
    def wrong(self: Any, error: OSError) -> None:
        raise error

    patch(f"{TERMINAL}:Surviving", "_lose", wrong)


@mutant("a broken output keeps its descriptor", "R23")
def _() -> None:
    patch(f"{TERMINAL}:Surviving", "_lose", lambda self, error: setattr(self, "lost", error))


@mutant("an answer that nobody got counts as given", "R23")
def _() -> None:
    patch("secantfw.cli.main", "_unread", lambda answers: 0)


@mutant("text reaches the terminal as it is", "R28")
def _() -> None:
    patch(TERMINAL, "printable_lines", str)


@mutant("formulas stand in a CSV", "R28")
def _() -> None:
    patch("secantfw.comparison.write", "_FORMULA", ())


@mutant("a stranger's code is executed unasked", "R27")
def _() -> None:
    patch("secantfw.discovery.local", "check_trusted", lambda *_: None)


@mutant("a header's options are not checked", "R29")
def _() -> None:
    patch("secantfw.assembly.header_options", "check_options", lambda *_: None)


@mutant("a temporary file stays", "R26")
def _() -> None:
    beside, sync = right(WRITING, "temporary_beside"), right(WRITING, "sync")

    @contextmanager
    def wrong(file: Path) -> Any:
        temporary = beside(file)
        yield temporary
        sync(temporary)
        os.replace(temporary, file)
        sync(file.parent)

    patch(WRITING, "replacing", wrong)


@mutant("values of a run's files are taken for what they say", "R24")
def _() -> None:
    patch("secantfw.reporting.run_files", "_known", lambda folder, name, kinds: folder.json(name))
