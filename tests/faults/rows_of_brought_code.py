"""R27: code that a stranger's run brings is not executed unasked, by any verb."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

from finished_run import VERBS, call, one_line
from mutant import mutant, nothing
from small_run import Bench
from strangers import Verdicts

_PLUGIN = """
import os, pathlib
pathlib.Path(os.environ["CANARY"]).write_text("executed")
"""
_VERBS = (*VERBS, "check", "plan", "diff", "load")
#: They read what a run has written, and so need none of its code.
_READERS = ("show", "cite", "report", "compare", "diff")


def brought_code(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R27: a line that says --trust; with it the code runs, and is known from then on."""
    for n in range(count):
        verb = _VERBS[n % len(_VERBS)]
        place = ("inside", "beside", "linked")[n // len(_VERBS) % 3]
        wrong = _tried(bench, verb, place)
        yield f"{verb}, plug-in {place}: {wrong}" if wrong else None
    yield _trusted_once(bench)
    yield _own(bench)


def _strangers(bench: Bench, place: str) -> tuple[Path, Path]:
    """A run from elsewhere, whose plug-in writes to a file when it is executed."""
    run = bench.copy()
    plugin = {"beside": run.parent / "noisy.py"}.get(place, run / "experiment" / "noisy.py")
    source = (bench.folder / "noisy.py").read_text()
    canary = run.parent / "canary"
    plugin.write_text(source + _PLUGIN + f"# {run}\n")
    if place == "linked":
        outside = run.parent / "elsewhere.py"
        os.rename(plugin, outside)
        plugin.symlink_to(outside)
    resolved = run / "resolved.toml"
    lines = resolved.read_text().splitlines()
    said = [f'local_plugins = ["{plugin}"]' if x.startswith("local_plugins") else x for x in lines]
    resolved.write_text("\n".join(said) + "\n")
    (run / "outcome.json").unlink()
    return run, canary


def _tried(bench: Bench, verb: str, place: str) -> str | None:
    run, canary = _strangers(bench, place)
    VERBS.setdefault("check", ("check", "RUN/resolved.toml"))
    VERBS.setdefault("plan", ("plan", "RUN/resolved.toml"))
    VERBS.setdefault("diff", ("diff", "RUN", "RUN"))
    if verb == "load":
        return _loaded(run, canary)
    ended = call(verb, run, lambda: os.environ.update(CANARY=str(canary)))
    if canary.exists():
        return "it was executed"
    if verb in _READERS:
        return one_line(ended) or (None if ended.code == 0 else f"exit {ended.code}: {ended.said}")
    lines = [line for line in ended.said.splitlines() if "warning" not in line]
    asked = ended.code == 2 and len(lines) == 1 and "--trust" in lines[0]
    return None if asked else f"exit {ended.code}: {ended.said[-200:]}"


def _loaded(run: Path, canary: Path) -> str | None:
    import secantfw

    os.environ["CANARY"] = str(canary)
    try:
        _ = secantfw.load(run).experiment
    except secantfw.UserError as error:
        said = str(error)
        return None if "--trust" in said and not canary.exists() else said
    return "it was loaded"


def _trusted_once(bench: Bench) -> str | None:
    run, canary = _strangers(bench, "inside")
    VERBS["trusting"] = ("run", "--resume", "RUN", "--trust", "--allow-change", "local_plugins")
    VERBS["later"] = ("check", "RUN/resolved.toml")

    def before() -> None:
        os.environ["CANARY"] = str(canary)

    first, second = call("trusting", run, before), call("later", run, before)
    known = first.code in (0, 2) and second.code == 0 and canary.exists()
    return (
        None if known else f"with --trust {first.code}, then {second.code}: {second.said[-200:]}"
    )


def _own(bench: Bench) -> str | None:
    """A run that was made here, moved: nobody is asked."""
    run = bench.copy()
    moved = run.parent / "moved"
    shutil.move(run, moved)
    VERBS.setdefault("check", ("check", "RUN/resolved.toml"))
    ended = call("check", moved)
    return None if ended.code == 0 else f"one's own: exit {ended.code}: {ended.said[-200:]}"


@mutant("discovery.local:check_trusted", "R27")
def code_of_strangers_is_trusted(check_trusted):
    return nothing
