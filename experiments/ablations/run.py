"""Run the ablations, or go on with them, and write their table.

    python experiments/ablations/run.py OUT [key=value ...] [--seeds 0 1 2] [--only NAME ...]
                                        [--jobs N] [--device cpu] [--table]

Every file and seed is a `secantfw run` into OUT/FILE/seed-S/, one seed of all files before the
next. What has an evaluation.json is left alone, what was stopped goes on from its checkpoint; so
call it again with the same words whatever happened. OUT/table.md is written after each run.
--only takes files and questions, --table runs nothing. Ctrl-C and SIGTERM stop the runs, saved.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
from questions import QUESTIONS, files
from results import collect, finished, interrupted, place
from table import markdown

HERE = Path(__file__).parent


@attrs.frozen
class Job:
    """One file and seed."""

    file: str
    seed: int


@attrs.define
class Study:
    """The runs of a folder; `stopped` is set when no further one is to begin."""

    out: Path
    overrides: tuple[str, ...]
    stopped: threading.Event = attrs.field(factory=threading.Event)
    alive: list[subprocess.Popen[bytes]] = attrs.field(factory=list)
    failed: list[Job] = attrs.field(factory=list)
    writing: threading.Lock = attrs.field(factory=threading.Lock)

    def run(self, job: Job) -> None:
        """Begin a run or go on with it, unless it is finished; its output goes to log.txt."""
        at = place(self.out, job.file, job.seed)
        if self.stopped.is_set() or finished(at):
            return
        at.mkdir(parents=True, exist_ok=True)
        went_on = interrupted(at)
        say(f"{job.file} seed {job.seed}: {'goes on' if went_on else 'begins'}")
        began = time.monotonic()
        with (at / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                self._command(job, at, went_on),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for this script, which passes it on
            )
            self.alive.append(process)
            if self.stopped.is_set():
                process.terminate()
            code = process.wait()
            self.alive.remove(process)
        said = f"ends with exit code {code}" if code else "is done"
        say(f"{job.file} seed {job.seed}: {said}, {(time.monotonic() - began) / 60:.1f} minutes")
        if code and not self.stopped.is_set():
            self.failed.append(job)
            say(f"  see {at / 'log.txt'}")
        self.write_table()

    def _command(self, job: Job, at: Path, went_on: Path | None) -> list[str]:
        run = [sys.executable, "-m", "secantfw", "run"]
        if went_on is not None:
            return [*run, "--resume", str(went_on)]
        seeds = [f"seed={job.seed}", f"evaluate.seed={job.seed}"]
        file = str(HERE / f"{job.file}.toml")
        return [*run, file, *seeds, *self.overrides, "--out", str(at)]

    def write_table(self) -> None:
        with self.writing:
            text = markdown(collect(self.out, files()))
            fresh = self.out / ".table.md"
            fresh.write_text(text, encoding="utf-8")
            os.replace(fresh, self.out / "table.md")

    def stop(self) -> None:
        """Every run saves and ends; none begins."""
        self.stopped.set()
        for process in list(self.alive):
            process.terminate()


def say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, flush=True)


def same_study(out: Path, overrides: tuple[str, ...]) -> bool:
    """Whether OUT is new or was begun with the same overrides; they are noted in study.json."""
    note = out / "study.json"
    if note.is_file():
        return json.loads(note.read_text()) == list(overrides)
    out.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(list(overrides)) + "\n")
    return True


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    names = [*files(), *(question.name for question in QUESTIONS)]
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the study")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="for every run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=[], choices=names, metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--device", choices=["cpu", "cuda"], help="by default CUDA where it is")
    parser.add_argument("--table", action="store_true", help="write the table, run nothing")
    return parser.parse_intermixed_args()


def main() -> int:
    args = arguments()
    device = [f"train.device={args.device}"] if args.device else []
    study = Study(args.out, (*args.overrides, *device))
    if args.table:
        study.write_table()
        print(f"{args.out / 'table.md'}")
        return 0
    if not same_study(args.out, study.overrides):
        print(f"{args.out}: begun with other overrides; see study.json", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: study.stop())
    jobs = [Job(file, seed) for seed in args.seeds for file in files(tuple(args.only))]
    with ThreadPoolExecutor(max(1, args.jobs)) as pool:
        done = [pool.submit(study.run, job) for job in jobs]
        for future in done:
            future.result()
    study.write_table()
    left = [job for job in jobs if finished(place(args.out, job.file, job.seed)) is None]
    say(f"{len(jobs) - len(left)} of {len(jobs)} runs finished; table: {args.out / 'table.md'}")
    return 130 if study.stopped.is_set() else int(bool(study.failed))


if __name__ == "__main__":
    sys.exit(main())
