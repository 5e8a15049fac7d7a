"""R30: kills and full disks in the commands that make files of no run: sweep, convert, pack."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from finished_run import TOML, tree_of
from fork_server import Ended, forked
from paper_files import networks
from rows_of_full_disks import failing
from small_run import Bench, last_line, secantfw
from strangers import Verdicts
from wrapped_files import Counter, denied, die, disk_full, wrap

#: What is called; IN has the inputs, OUT is where the results go.
MAKERS = {
    "sweep": ("sweep", "IN/sweep.toml", "--launcher", "here", "--out", "OUT"),
    "convert": ("convert", "IN/sit.pt", "OUT/sit.safetensors", "--set", "heads=2"),
    "pack": ("pack", "IN/latents/x_features", "--shape", "4,4,4", "--out", "OUT/packed"),
}
_SWEEP = """
[sweep]
experiment = "pictures.toml"
seeds = [0, 1]
[sweep.set]
"evaluate.samples" = 0
"""
_TRIED = (die, disk_full, denied)


def kills_and_full_disks(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """Whatever happens at a write: one line if it lives, and the same command again makes what an
    undisturbed one makes. A kill may leave a hidden temporary file: nobody can tell whose it is
    where no lock is held.
    """
    for n in range(count):
        verb, act = list(MAKERS)[n % len(MAKERS)], _TRIED[n // len(MAKERS) % len(_TRIED)]
        names, straight = _undisturbed(bench, verb)
        at = rng.randrange(len(names))
        wrong = _disturbed(bench, verb, at, act, straight)
        yield f"{verb}, {act.__name__} at {at} ({names[at]}): {wrong}" if wrong else None


def _disturbed(bench: Bench, verb: str, at: int, act, straight: dict[str, str]) -> str | None:
    folder = _inputs(bench)
    hook = (lambda: wrap(Counter(at, die), folder)) if act is die else (
        lambda: failing(at, act, folder)
    )  # fmt: skip
    ended = _called(verb, folder, hook)
    if act is die and ended.code != -9:
        return f"not killed: {ended.code}"
    ends = (0, 1, 2, 3) if verb == "sweep" else (0, 2, 3)  # a sweep of which a run failed: 1
    if act is not die and (ended.code not in ends or "Traceback" in ended.said):
        return f"exit {ended.code}: {last_line(ended.said)}"
    if act is not die and verb != "sweep" and _temporary(folder):
        return f"left: {_temporary(folder)}"
    again = _called(verb, folder)
    if again.code:
        return f"again: exit {again.code}: {last_line(again.said)}"
    if _made(verb, folder) != straight:
        return "another end"
    return None


_STRAIGHT: dict[tuple[Path, str], tuple[list[str], dict[str, str]]] = {}


def _undisturbed(bench: Bench, verb: str) -> tuple[list[str], dict[str, str]]:
    """The moments of a verb that is left alone, and what it makes."""
    key = (bench.folder, verb)
    if key not in _STRAIGHT:
        folder = _inputs(bench)
        counter, file = Counter(-1, die), bench.case() / "moments.json"

        def after() -> None:
            file.write_text(json.dumps(counter.names))

        ended = _called(verb, folder, lambda: wrap(counter, folder), after)
        assert ended.code == 0, ended.said
        _STRAIGHT[key] = json.loads(file.read_text()), _made(verb, folder)
    return _STRAIGHT[key]


def _inputs(bench: Bench) -> Path:
    folder = bench.case()
    (folder / "pictures.toml").write_text(TOML)
    (folder / "sweep.toml").write_text(_SWEEP)
    networks.sit(folder / "sit.pt", 32, 1)
    for part, shape in (("features", (4, 4, 4)), ("labels", ())):
        (folder / "latents" / f"x_{part}").mkdir(parents=True)
        for n in range(3):
            of = np.full((5, *shape), n, np.float32 if shape else np.int64)
            np.save(folder / "latents" / f"x_{part}" / f"{n}.npy", of)
    (folder / "out").mkdir()
    return folder


def _called(verb: str, folder: Path, before=lambda: None, after=lambda: None) -> Ended:
    inputs, out = str(folder), str(folder / "out")
    words = [word.replace("IN", inputs).replace("OUT", out) for word in MAKERS[verb]]

    def child() -> int:
        _runs_in_this_process()
        before()
        code = secantfw(*words)
        after()
        return code

    return forked(child, folder.parent / f"{folder.name}.txt")


def _runs_in_this_process() -> None:
    from secantfw.cli.main import main
    from secantfw.sweep import conduct
    from secantfw.sweep.launcher import Launcher, Started
    from secantfw.sweep.launchers import LAUNCHERS

    class Done(Started):
        def __init__(self, code: int) -> None:
            self.code = code

        def poll(self) -> int:
            return self.code

        def stop(self) -> None:
            pass

    class Here(Launcher):
        def __init__(self, processes, slurm) -> None:
            pass

        def start(self, job) -> Started:
            return Done(main(job.arguments()))

    LAUNCHERS["here"] = Here
    conduct._POLL_SECONDS = 0.0


def _made(verb: str, folder: Path) -> dict[str, str]:
    """What does not say when or where it was made: of a sweep the runs' weights, of pack.json not
    a word."""
    found = tree_of(folder / "out").items()
    made = {n: c for n, c in found if not (n.endswith("pack.json") or ".tmp" in n)}
    if verb != "sweep":
        return made
    return {c: "" for n, c in made.items() if n.endswith("step-000004/ema.safetensors")}


def _temporary(folder: Path) -> list[str]:
    return [name for name in tree_of(folder / "out") if ".tmp" in name]
