"""The runs of a sweep, each with a folder of its own that its experiment names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import attrs

from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.experiment.load import load
from secantfw.experiment.read import RESOLVED
from secantfw.runtime.lock import RunLock
from secantfw.runtime.regular_file import NotRegular, appending, is_regular, open_regular
from secantfw.runtime.run_folder import RunFolder
from secantfw.sweep.sweep_file import Point, SweepPlan

_LONGEST_NAME = 80


@attrs.frozen
class Job:
    """One run: a point at a seed; `folder` holds its log and its run directory."""

    experiment: Path
    point: Point
    seed: int
    overrides: tuple[str, ...]  # all of them: common, the point's, the seeds
    folder: Path

    @property
    def label(self) -> str:
        return f"{self.point.label} seed={self.seed}"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def finished(self) -> Path | None:
        """The run directory that is complete, if there is one."""
        return next((run for run in self._runs() if _is_finished(run)), None)

    def begun(self) -> Path | None:
        """The newest run directory that can be gone on with."""
        saved = (run for run in self._runs() if any(run.glob("checkpoints/step-*/state.json")))
        return next(saved, None)

    def newest(self) -> Path | None:
        return next(iter(self._runs()), None)

    def in_use(self) -> str:
        """Who still works on it, as after the sweep itself was killed; empty if nobody does."""
        run = self.begun()
        held = self.folder if is_regular(self.folder / ".lock") else None  # by a cluster's job
        try:
            for directory in filter(None, (held, run)):
                RunLock(directory).release()
        except UserError as error:
            return str(error)
        return ""

    def arguments(self) -> list[str]:
        """What `secantfw` is called with: to go on, or to begin."""
        begun = self.begun()
        if begun is not None:
            return ["run", "--resume", str(begun)]
        return ["run", str(self.experiment), *self.overrides, "--out", str(self.folder)]

    def note(self, line: str) -> None:
        """Add a line to the log."""
        with appending(self.log) as stream:
            stream.write(f"{line}\n".encode("utf-8", "replace"))

    def error(self, code: int) -> str:
        """Why it ended with `code`: the last line it said that is an error, or the signal."""
        if code < 0:
            return f"killed by signal {-code}"
        lines = _last_lines(self.log)
        said = [line for line in lines if line.startswith("secantfw: error: ")]
        last = said or [line for line in lines if line.strip()] or [f"exit code {code}"]
        return last[-1].removeprefix("secantfw: error: ").strip()

    def _runs(self) -> list[Path]:
        found = [file.parent for file in self.folder.glob(f"*/*/{RESOLVED}")]
        return sorted(found, key=lambda run: run.name, reverse=True)


def jobs_of(plan: SweepPlan, overrides: Sequence[str], root: Path, plugins: Plugins) -> list[Job]:
    """Every run of the sweep, one seed of all points before the next.

    A job's folder carries the digest of its resolved experiment: a sweep file that is changed
    and run again keeps the runs it still has, and begins the others.

    Raises:
        ExperimentError: every point that is no experiment, before anything has begun.
    """
    found: list[Job] = []
    problems: list[Problem] = []
    for seed in plan.seeds:
        for point in plan.points:
            seeds = (f"seed={seed}", f"evaluate.seed={seed}")
            said = (*plan.common, *overrides, *point.overrides, *seeds)
            try:
                digest = load(plan.experiment, said, plugins).digest
            except ExperimentError as error:
                if seed == plan.seeds[0]:
                    problems += [_of_point(p, point) for p in error.problems]
                continue
            name = _folder_name(point, seed, digest)
            found.append(Job(plan.experiment, point, seed, said, root / name))
    if problems:
        raise ExperimentError(problems)
    return found


def _of_point(problem: Problem, point: Point) -> Problem:
    return attrs.evolve(problem, what=f"{problem.what} (in the point {point.label})")


def _folder_name(point: Point, seed: int, digest: str) -> str:
    words = [re.sub(r"[^A-Za-z0-9._-]+", "_", o.replace('"', "")) for o in point.overrides]
    name = "-".join([word.strip("._-") for word in words] or ["run"])[:_LONGEST_NAME]
    return f"{name}-seed-{seed}-{digest[:8]}"


def _is_finished(run: Path) -> bool:
    outcome = RunFolder(run).json_or_none("outcome.json")
    return outcome is not None and outcome.get("status") == "finished"


def _last_lines(file: Path, size: int = 8192) -> list[str]:
    try:
        with open_regular(file) as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - size))
            return stream.read(size).decode("utf-8", "replace").splitlines()
    except (OSError, NotRegular):
        return []
