"""What a folder of runs holds: FOLDER/FILE/seed-S/NAME/STAMP/, as `secantfw run` leaves it."""

from __future__ import annotations

import json
from pathlib import Path

import attrs


@attrs.frozen
class Result:
    """A finished run: by evaluations, Frechet distance and, where measured, trajectory error."""

    frechet: dict[int, float]
    trajectory: dict[int, float]
    minutes: float | None  # of training
    passes: str  # such as 3F 1B
    steps: int


def place(folder: Path, file: str, seed: int) -> Path:
    """Where the runs of one file and seed go."""
    return folder / file / f"seed-{seed}"


def runs(at: Path) -> list[Path]:
    """Run directories, the newest last."""
    return sorted(file.parent for file in at.glob("*/*/resolved.toml"))


def finished(at: Path) -> Path | None:
    """The newest run with an evaluation."""
    done = [run for run in runs(at) if (run / "evaluation.json").is_file()]
    return done[-1] if done else None


def interrupted(at: Path) -> Path | None:
    """The newest run without an evaluation that has a checkpoint to go on from."""
    begun = [run for run in runs(at) if any((run / "checkpoints").glob("step-*/state.json"))]
    return begun[-1] if begun and finished(at) is None else None


def read(run: Path) -> Result:
    """The numbers of a finished run."""
    rows = [r for r in _json(run / "evaluation.json")["rows"] if r["model"] == "student"]
    plan, outcome = _json(run / "plan.json"), run / "outcome.json"
    return Result(
        frechet={row["nfe"]: row["frechet_distance"] for row in rows},
        trajectory={r["nfe"]: r["trajectory_mse"] for r in rows if "trajectory_mse" in r},
        minutes=_json(outcome)["seconds"] / 60 if outcome.is_file() else None,
        passes=plan["evaluations_per_step"],
        steps=plan["steps"],
    )


def _json(file: Path):  # noqa: ANN202
    return json.loads(file.read_text(encoding="utf-8"))


def collect(folder: Path, files: list[str]) -> dict[str, dict[int, Result]]:
    """The finished runs by file and seed."""
    found: dict[str, dict[int, Result]] = {}
    for file in files:
        for at in sorted((folder / file).glob("seed-*")):
            run = finished(at)
            if run is not None:
                found.setdefault(file, {})[int(at.name.removeprefix("seed-"))] = read(run)
    return found
