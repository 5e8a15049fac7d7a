"""R23: a standard output and a standard error that cannot be written, under every verb."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from finished_run import TOML, VERBS, copy, words_of
from fork_server import forked
from mutant import mutant
from small_run import Bench, secantfw
from strangers import Verdicts

#: They answer by printing: an answer that nobody got is not "done".
_ANSWERS = ("show", "cite", "compare", "components", "help")


def outputs(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R23: the work is done all the same, and exit code 0 is honest."""
    verbs = ["run", *VERBS, "components", "help"]
    cases = [
        (verb, broken, streams)
        for broken in (_closed_pipe, _full, _closed)
        for streams in ((1,), (2,), (1, 2))
        for verb in verbs
    ]
    rng.shuffle(cases)
    for verb, broken, streams in (cases * (count // len(cases) + 1))[:count]:
        wrong = _tried(bench, verb, broken, streams)
        yield f"{verb}, {broken.__name__} {streams}: {wrong}" if wrong else None


def _tried(
    bench: Bench, verb: str, broken: Callable[[int], None], streams: tuple[int, ...]
) -> str | None:
    folder = bench.case()
    if verb == "run":
        (folder / "pictures.toml").write_text(TOML)
        words = ["run", str(folder / "pictures.toml"), "--out", str(folder / "runs")]
    elif verb in VERBS:
        run = copy(bench)
        folder = run.parent
        words = words_of("report" if verb == "resume" else verb, run, folder / "out")
    else:
        words = ["--help" if verb == "help" else verb]
    code = _with_broken(folder, words, broken, streams)
    if verb in _ANSWERS:
        honest = code != 0 if 1 in streams else code == 0
        return None if honest and code not in (-9, 1, 120) else f"exit {code}"
    if code:
        return f"exit {code}"
    return _not_done(verb, folder)


def _with_broken(
    folder: Path, words: list[str], broken: Callable[[int], None], streams: tuple[int, ...]
) -> int:
    """The exit code; 120 is Python's own for a stream that it could not flush."""

    def child() -> int:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as in every Python
        for stream in streams:
            broken(stream)
        kept = sys.stdout, sys.stderr  # they would close their descriptors with themselves
        broken_streams = sys.stdout, sys.stderr = _stream(1), _stream(2)
        try:
            code = secantfw(*words)
        except SystemExit as stop:
            code = int(stop.code or 0)
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        for stream in broken_streams:  # as the interpreter at its end
            try:
                if stream is not None:
                    stream.flush()
            except OSError:
                return 120
        assert all(kept)
        return code

    return forked(child, folder / "said.txt").code


def _stream(number: int):
    try:
        os.fstat(number)
    except OSError:
        return None
    return os.fdopen(number, "w", closefd=False)


def _closed_pipe(number: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, number)
    os.close(writer)


def _full(number: int) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, number)
    os.close(full)


def _closed(number: int) -> None:
    os.close(number)


def _not_done(verb: str, folder: Path) -> str | None:
    """What was asked for is there."""
    if verb == "run":
        (outcome,) = folder.glob("runs/*/*/outcome.json")
        status = json.loads(outcome.read_text())["status"]
        there = (outcome.parent / "report.html").exists()
        return None if status == "finished" and there else f"{status}, report {there}"
    if verb == "sample":
        return None if len(list((folder / "out").glob("*.png"))) == 2 else "no samples"
    if verb == "export":
        return None if (folder / "out.safetensors").exists() else "no file"
    return None


@mutant("runtime.terminal:Surviving._lose", "R23")
def output_that_breaks_stops_the_work(lose):
    def wrong(self, error):
        raise error

    return wrong


@mutant("runtime.terminal:Surviving._lose", "R23")
def a_broken_descriptor_stays(lose):
    return lambda self, error: setattr(self, "lost", error)


@mutant("cli.main:_unread", "R23")
def an_answer_that_nobody_got_is_done(unread):
    return lambda answers: 0
