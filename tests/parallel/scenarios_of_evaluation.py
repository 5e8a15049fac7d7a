"""What processes do that share an evaluation: `python scenarios_of_evaluation.py FOLDER`.

It writes FOLDER/shown.json. `--seconds 20` is the trial in full: the group's time-out, and half as
much again for which one process keeps the others waiting.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import attrs
import torch
from forks import Ended, Job, run
from shown import Shown, codes

from secantfw.cli.main import main

MEASURED = (
    "evaluate.samples=70", "evaluate.compute_batch=8", "evaluate.batch_size=8",
    "evaluate.nfe=[1,2]", "evaluate.seeds=[0,1]", "evaluate.solvers=[\"secant\",\"euler\"]",
    'metrics.use=[{use="frechet",features="identity"},"sliced_wasserstein","trajectory",'
    '{use="secant_error",bins=3,per_bin=8}]',
)  # fmt: skip


@attrs.frozen
class Evaluations:
    """Of one trained run, in as many processes as asked for."""

    shown: Shown
    directory: Path

    def start(self, name: str, count: int, before: Any = lambda: None) -> Job:
        """`before` runs in each process, to change what it finds."""

        def call() -> int:
            before()
            return main(["evaluate", str(self.directory), *MEASURED])

        return Job(call, self.shown.folder / "logs" / name, count).start()

    def figures(self) -> str:
        return (self.directory / "evaluation.json").read_text()

    def blocks(self) -> list[Path]:
        return list(self.directory.glob(".evaluation/*/blocks/*/*.safetensors"))


def agreement(of: Evaluations, counts: tuple[int, ...]) -> dict[str, Any]:
    """The figures by one process and by several, and what they said."""
    found: dict[str, Any] = {"codes": [], "said": []}
    texts = []
    for count in (1, *counts):
        ended = of.start(f"by-{count}", count).wait()
        found["codes"] += codes(ended)
        found["said"] += [one.said for one in ended[1:]]
        texts.append(of.figures())
    found["same"] = all(text == texts[0] for text in texts)
    found["rows"] = len(json.loads(texts[0])["rows"])
    return found


def patience(of: Evaluations, seconds: float) -> dict[str, Any]:
    """A process that draws, and then one that measures, for longer than the group's time-out."""
    expected = of.figures()

    def slow() -> None:
        from secantfw.evaluation.drawn_blocks import DrawnBlocks
        from secantfw.evaluation.evaluate import Evaluator
        from secantfw.parallel import group

        joined, timeout = group.joined, datetime.timedelta(seconds=seconds)
        group.joined = lambda processes: joined(processes, timeout)  # type: ignore[assignment]
        slowest = (DrawnBlocks, "fill") if os.environ["RANK"] == "1" else (Evaluator, "_measure")
        _delay(*slowest, 1.5 * seconds)

    ended = of.start("slow", 2, slow).wait()
    return {"codes": codes(ended), "said": ended[0].said, "same": of.figures() == expected}


def _delay(owner: type, name: str, seconds: float) -> None:
    """Let the first call of a method wait."""
    original, waited = getattr(owner, name), []

    def delayed(*arguments: Any) -> Any:
        if not waited:
            waited.append(True)
            time.sleep(seconds)
        return original(*arguments)

    setattr(owner, name, delayed)


def kills(of: Evaluations, rank: int) -> dict[str, Any]:
    """kill -9 of a process amid a row, and the same command again."""
    expected = of.figures()
    job = of.start(f"killed-{rank}", 2, _slow_blocks)
    while len(of.blocks()) < 7 and _alive(job):
        time.sleep(0.002)
    job.send(rank, signal.SIGKILL)
    ended = job.wait()
    kept = {file: file.stat().st_mtime_ns for file in of.blocks()}
    again = of.start(f"again-{rank}", 2, lambda: _record(of)).wait()
    made = sum(len(file.read_text().splitlines()) for file in of.shown.folder.glob("made-*.txt"))
    for file in of.shown.folder.glob("made-*.txt"):
        file.unlink()
    return {
        "killed": ended[rank].code,
        "survivor": ended[1 - rank].code,
        "said": ended[1 - rank].said.splitlines()[-1:],
        "kept": len(kept),
        "made": made,
        "again": codes(again),
        "same": of.figures() == expected,
    }


def _slow_blocks() -> None:
    from secantfw.evaluation.drawn_blocks import DrawnBlocks

    original = DrawnBlocks._made
    DrawnBlocks._made = lambda *a: (time.sleep(0.05), original(*a))[1]  # type: ignore


def _record(of: Evaluations) -> None:
    """Count the blocks that are made, a line each."""
    from secantfw.evaluation.drawn_blocks import DrawnBlocks

    original, file = DrawnBlocks._made, of.shown.folder / f"made-{os.environ['RANK']}.txt"

    def recorded(self: Any, row: Any, seed: int, numbers: range) -> Any:
        with file.open("a") as stream:
            stream.write(f"{row.name} {seed} {numbers}\n")
        return original(self, row, seed, numbers)

    DrawnBlocks._made = recorded  # type: ignore[method-assign]


def _alive(job: Job) -> bool:
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return all(os.waitid(os.P_PID, pid, flags) is None for pid in job.pids)


def failure(of: Evaluations) -> dict[str, Any]:
    """An exception that nobody foresaw, in the evaluation that ends a run on two processes."""

    def broken() -> int:
        from secantfw.evaluation.drawn_blocks import DrawnBlocks

        if os.environ["RANK"] == "0":
            DrawnBlocks._made = lambda *a: [][1]  # type: ignore
        words = ["run", str(of.shown.toml), "--out", str(of.shown.folder / "broken")]
        return main([*words, "train.steps=4", *MEASURED])

    ended: list[Ended] = run(broken, of.shown.folder / "logs" / "broken")
    (outcome,) = (of.shown.folder / "broken").glob("*/*/outcome.json")
    events = (outcome.parent / "events.jsonl").read_text().splitlines()
    return {
        "codes": codes(ended),
        "said": ended[0].said[-300:],
        "outcome": json.loads(outcome.read_text()),
        "event": json.loads(events[-1]),
    }


def scenarios(folder: Path, counts: tuple[int, ...], seconds: float) -> dict[str, Any]:
    torch.set_num_threads(1)
    shown = Shown(folder)
    shown.run("trained", 1, "train.steps=4")
    of = Evaluations(shown, shown.directory("trained"))
    return {
        "agreement": agreement(of, counts),
        "patience": patience(of, seconds),
        "kills": [kills(of, rank) for rank in (0, 1)],
        "failure": failure(of),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0)
    asked = parser.parse_args()
    asked.folder.mkdir(exist_ok=True)
    found = scenarios(asked.folder, (2, 8), asked.seconds)
    (asked.folder / "shown.json").write_text(json.dumps(found, indent=1))
