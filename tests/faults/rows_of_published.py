"""R25: kills at every write of what comes after training; the next command puts it right."""

from __future__ import annotations

import json
import random
from pathlib import Path

from finished_run import VERBS, call, copy, tree_of, words_of
from fork_server import forked
from mutant import mutant, nothing
from rows_of_full_disks import failing
from small_run import Bench, last_line, secantfw
from strangers import Verdicts
from wrapped_files import Counter, denied, die, disk_full, wrap

_WRITING = ("evaluate", "report", "compare", "export")


def kills_after_training(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R25: after a kill the numbers and pictures that are read are of one evaluation, and the
    same command again gives what it would have given."""
    for n in range(count):
        verb = _WRITING[n % len(_WRITING)] if n % 2 else "evaluate"
        names = _moments(bench, verb)
        at = _around_a_rename(names, rng) if n % 4 == 2 else rng.randrange(len(names))
        wrong = _killed(bench, verb, at)
        yield f"{verb} at {at} ({names[at]}): {wrong}" if wrong else None


def full_disks_after_training(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R26: a full or read-only disk is said in one line; nothing half-written is left."""
    for n in range(count):
        verb, act = _WRITING[n % len(_WRITING)], (disk_full, denied)[n // 4 % 2]
        at = rng.randrange(len(_moments(bench, verb)))
        wrong = _without_room(bench, verb, at, act)
        yield f"{verb}, {act.__name__} at {at}: {wrong}" if wrong else None


def _around_a_rename(names: list[str], rng: random.Random) -> int:
    """The last ones publish an evaluation, and lie close together."""
    return rng.choice([n for n, name in enumerate(names) if " rename " in name][-6:])


_NAMES: dict[tuple[Path, str], list[str]] = {}


def _moments(bench: Bench, verb: str) -> list[str]:
    """The moments of a verb that is left alone."""
    key = (bench.folder, verb)
    if key not in _NAMES:
        run = copy(bench)
        counter, file = Counter(-1, die), run.parent / "moments.json"

        def child() -> int:
            wrap(counter, run.parent)
            code = secantfw(*words_of(verb, run, run.parent / "out"))
            with file.open("xb") as stream:
                stream.write(json.dumps(counter.names).encode())
            return code

        ended = forked(child, run.parent / "said.txt")
        assert ended.code == 0, ended.said
        _NAMES[key] = json.loads(file.read_text())
    return _NAMES[key]


def _killed(bench: Bench, verb: str, at: int) -> str | None:
    run = copy(bench)
    old = _shown(run)
    words = ("evaluate.seed=1",) if verb == "evaluate" else ()
    VERBS["seeded"] = (*VERBS[verb], *words)
    new = _seeded(bench) if words else old
    ended = call("seeded", run, lambda: wrap(Counter(at, die), run.parent))
    if ended.code != -9:
        return f"not killed: {ended.code}"
    if _shown(run) not in (old, new):
        return "numbers of one evaluation beside pictures of another"
    again = call("seeded", run)
    if again.code:
        return f"again: exit {again.code}: {last_line(again.said)}"
    left = [name for name in tree_of(run) if ".tmp" in name]
    if verb == "evaluate" and (left or _shown(run) != new or (run / ".evaluation").exists()):
        return f"another end; left: {left}"
    return None


_SEEDED: dict[Path, tuple[object, object]] = {}


def _seeded(bench: Bench) -> tuple[object, object]:
    """What an evaluation with another seed shows."""
    if bench.folder not in _SEEDED:
        run = copy(bench)
        assert call("seeded", run).code == 0
        _SEEDED[bench.folder] = _shown(run)
    return _SEEDED[bench.folder]


def _shown(run: Path) -> tuple[object, object]:
    """The numbers and the pictures as a report would have them."""
    from secantfw.evaluation.publish import numbers_folder, pictures_folder

    numbers = json.loads((numbers_folder(run) / "evaluation.json").read_text())
    return numbers.get("seed"), tree_of(pictures_folder(run))


def _without_room(bench: Bench, verb: str, at: int, act) -> str | None:
    run = copy(bench)
    old = _shown(run)
    ended = call(verb, run, lambda: failing(at, act, run.parent))
    if ended.code not in (0, 2, 3) or "Traceback" in ended.said:
        return f"exit {ended.code}: {last_line(ended.said)}"
    errors = [x for x in ended.said.splitlines() if x.startswith("secantfw: error:")]
    left = [name for name in tree_of(run.parent) if ".tmp" in name]
    if left or len(errors) != bool(ended.code):
        return f"left {left}, lines {errors}"
    return None if verb == "evaluate" or _shown(run) == old else "the evaluation has changed"


@mutant("evaluation.publish:numbers_folder", "R25")
def numbers_are_not_read_where_they_were_published(numbers_folder):
    return lambda run: run


@mutant("evaluation.publish:pictures_folder", "R25")
def pictures_are_not_read_where_they_were_published(pictures_folder):
    from secantfw.evaluation.publish import PICTURES

    return lambda run: run / PICTURES


@mutant("runtime.writing:remove", "R26")
def half_a_file_is_left(remove):
    return nothing
