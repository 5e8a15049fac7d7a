"""A run of pictures that has been trained, evaluated and reported: what comes after training."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from fork_server import Ended, forked
from small_run import Bench, run_of, secantfw

TOML = """
schema = 1
title = "pictures"
cite = ["arXiv:2505.14502"]
[dataset]
use = "fashion16"
[backbone]
use = "mlp"
width = 8
depth = 1
[loss]
use = "stei"
[time_sampler]
use = "segments"
[train]
steps = 4
batch_size = 8
save_every_steps = 2
log_every_steps = 2
[evaluate]
samples = 8
nfe = [1, 2]
picture = 4
[metrics]
use = ["sliced_wasserstein"]
"""

#: What a verb is called with after the run; "OUT" stands for a fresh name.
VERBS: dict[str, tuple[str, ...]] = {
    "report": ("report", "RUN"),
    "compare": ("compare", "RUN", "--out", "OUT"),
    "show": ("show", "RUN"),
    "cite": ("cite", "RUN"),
    "sample": ("sample", "RUN", "--count", "2", "--out", "OUT"),
    "export": ("export", "RUN", "--out", "OUT.safetensors"),
    "evaluate": ("evaluate", "RUN"),
    "resume": ("run", "--resume", "RUN"),
}

_MADE: dict[Path, Path] = {}


def finished(bench: Bench) -> Path:
    """The run, made once, in this process, so that every fork has all it imports."""
    if bench.folder not in _MADE:
        folder = bench.case()
        file = folder / "pictures.toml"
        file.write_text(TOML)
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = secantfw("run", file, "--out", folder / "runs")
            assert code == 0, said.getvalue()
            made = run_of(folder / "runs")
            for verb in ("compare", "sample", "export", "cite", "show"):
                secantfw(*words_of(verb, made, folder / f"warm-{verb}"))
        _MADE[bench.folder] = made
    return _MADE[bench.folder]


def copy(bench: Bench) -> Path:
    """A copy of it in a folder of its own."""
    source = finished(bench)
    run = bench.case() / source.name
    shutil.copytree(source, run)
    return run


def unfinish(run: Path) -> None:
    """As if it had been stopped before its last step."""
    (run / "outcome.json").unlink(missing_ok=True)
    shutil.rmtree(run / "checkpoints" / "step-000004", ignore_errors=True)


def words_of(verb: str, run: Path, out: Path) -> list[str]:
    return [w.replace("RUN", str(run)).replace("OUT", str(out)) for w in VERBS[verb]]


def call(verb: str, run: Path, before: Callable[[], object] = lambda: None) -> Ended:
    """The verb on the run, in a fork; `before` is called there first."""

    def child() -> int:
        before()
        return secantfw(*words_of(verb, run, run.parent / "out"))

    return forked(child, run.parent / "said.txt")


def tree_of(folder: Path) -> dict[str, str]:
    """Everything below a folder: what kind it is, and the content of files."""
    found = {}
    for place in sorted(folder.rglob("*")):
        name = str(place.relative_to(folder))
        if place.is_symlink():
            found[name] = f"link {os.readlink(place)}"
        elif place.is_file():
            found[name] = hashlib.sha256(place.read_bytes()).hexdigest()
        else:
            found[name] = "folder" if place.is_dir() else "other"
    return found


def one_line(ended: Ended) -> str | None:
    """None for a command that did what it was asked for, or said in one line why not."""
    if ended.code not in (0, 2, 3) or "Traceback" in ended.said:
        return f"exit {ended.code}: {ended.said[-300:]!r}"
    errors = [line for line in ended.said.splitlines() if line.startswith("secantfw: error:")]
    if ended.code and len(errors) != 1:
        return f"exit {ended.code} with {len(errors)} lines: {ended.said[-300:]!r}"
    return None
