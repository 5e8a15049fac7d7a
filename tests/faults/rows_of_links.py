"""R22: links, FIFOs, devices and folders under every name of a run, and under every verb."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from finished_run import VERBS, call, copy, finished, one_line, tree_of, unfinish
from mutant import mutant
from small_run import Bench
from strangers import Verdicts

SECRET = "the-secret-of-this-user"
#: Names that a run may come to have, beside those that it has.
_LATER = (
    ".evaluation", ".evaluation/0123456789abcdef", ".report.html.tmp", "events.jsonl",
    "diagnosis", "samples/zz.png", "samples/trajectories.png", ".lock", ".evaluation/finished",
    ".evaluation.json.tmp", "compare.md",
)  # fmt: skip
_MOST_SECONDS = 60.0


def links(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R22: nothing outside is read or changed, nothing hangs, and it is said in one line."""
    source = finished(bench)
    names = [str(p.relative_to(source)) for p in sorted(source.rglob("*"))]
    cases = [(kind, name) for kind in _KINDS for name in (*names, *_LATER)]
    rng.shuffle(cases)
    verbs = list(VERBS)
    for n in range(count):
        kind, name = cases[n % len(cases)]
        verb = verbs[(n + n // len(verbs)) % len(verbs)]
        wrong = _tried(bench, verb, name, kind)
        yield f"{kind.__name__} at {name}, {verb}: {wrong}" if wrong else None
    yield _linked_run(bench)
    yield _own_folders_alone(bench)


def _tried(bench: Bench, verb: str, name: str, kind: Callable[[Path, Path], None]) -> str | None:
    run = copy(bench)
    if verb == "resume":
        unfinish(run)
    outside = run.parent / "outside"
    (outside / "folder" / "samples").mkdir(parents=True)
    (outside / "folder" / "thesis.txt").write_text(SECRET)
    (outside / "file").write_text(f"@misc{{x,\n  title = {{{SECRET}}}\n}}\n")
    _put(run / name, outside, kind)
    before, began = tree_of(outside), time.monotonic()
    ended = call(verb, run)
    wrong = one_line(ended)
    if tree_of(outside) != before:
        return f"what is outside has changed: {tree_of(outside)}"
    if time.monotonic() - began > _MOST_SECONDS:
        return f"took {time.monotonic() - began:.0f} s"
    return wrong or _leak(run, ended.said)


def _put(place: Path, outside: Path, kind: Callable[[Path, Path], None]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    kind(place, outside)


def _leak(run: Path, said: str) -> str | None:
    if SECRET in said:
        return "the secret was printed"
    for file in run.parent.rglob("*"):
        inner = file.relative_to(run.parent).parts[0] != "outside"
        if inner and file.is_file() and not file.is_symlink() and SECRET in _text(file):
            return f"the secret is in {file.name}"
    return None


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace")


def _link_to_file(place: Path, outside: Path) -> None:
    place.symlink_to(outside / "file")


def _link_to_folder(place: Path, outside: Path) -> None:
    place.symlink_to(outside / "folder")


def _link_to_nothing(place: Path, outside: Path) -> None:
    place.symlink_to(outside / "new")


def _link_to_zero(place: Path, outside: Path) -> None:
    place.symlink_to("/dev/zero")


def _fifo(place: Path, outside: Path) -> None:
    os.mkfifo(place)


def _folder(place: Path, outside: Path) -> None:
    place.mkdir()


_KINDS = (_link_to_file, _link_to_folder, _link_to_nothing, _link_to_zero, _fifo, _folder)


def _linked_run(bench: Bench) -> str | None:
    """A run directory that is itself a link works."""
    run = copy(bench)
    elsewhere = run.parent / "disk"
    os.rename(run, elsewhere)
    run.symlink_to(elsewhere)
    codes = {verb: call(verb, run).code for verb in ("report", "evaluate", "compare")}
    return None if not any(codes.values()) else f"a linked run directory: {codes}"


def _own_folders_alone(bench: Bench) -> str | None:
    """What is not of an evaluation's own kind stays in its folder."""
    run = copy(bench)
    (run / ".evaluation" / "mine").mkdir(parents=True)
    (run / ".evaluation" / "mine" / "notes.txt").write_text("precious")
    ended = call("evaluate", run)
    kept = (run / ".evaluation" / "mine" / "notes.txt").exists()
    return None if ended.code == 0 and kept else f"exit {ended.code}, kept {kept}"


@mutant("evaluation.kept_rows:_OWN", "R22")
def whatever_is_in_the_folder_is_removed(own):
    return re.compile(".*")
