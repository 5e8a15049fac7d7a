"""A sweep file: one experiment, what to vary in it, and over which seeds.

[sweep]
experiment = "gmm_picard.toml"          # beside this file
seeds = [0, 1, 2]
processes = 2
[sweep.set]                             # of every run
"train.steps" = 50
[sweep.grid]                            # every combination
"loss.use" = ["sdei", "stei"]
[[sweep.points]]                        # and these
"loss.use" = "stee"
"time_sampler.direction" = "both"
[sweep.slurm]                           # for --launcher slurm
partition = "gpu"
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from secantfw.discovery.registry import Registry
from secantfw.errors import ExperimentError
from secantfw.experiment.document import Document, merge
from secantfw.experiment.keys import KeyPath, shown
from secantfw.experiment.leaves import leaves
from secantfw.experiment.overrides import overrides_layer
from secantfw.experiment.read import read_layer
from secantfw.experiment.scope import Scope
from secantfw.experiment.structure import INVALID, structure
from secantfw.experiment.write import value_text
from secantfw.options import REQUIRED, option
from secantfw.sweep.slurm_options import SlurmOptions

_TABLES = ("set", "grid", "points")
#: What words of the command line that are the sweep's, and not its runs', begin with.
OWN_WORD = "sweep."
_MOST_RUNS = 10_000  # a grid can be meant to have


@attrs.frozen
class SweepKeys:
    """Keys of `[sweep]` beside its tables."""

    experiment: str = option(REQUIRED, "experiment file of every run", is_path=True)
    seeds: tuple[int, ...] = option((0,), "seeds of training and of the evaluation's noise", ge=0)
    processes: int | None = option(
        None,
        "runs at a time; unsaid: one here, all of them on a cluster",
        ge=1,
        limit=10_000,
    )
    slurm: SlurmOptions = option(SlurmOptions(), "what a job of --launcher slurm asks for")


@attrs.frozen
class Point:
    """What one experiment of the sweep changes, as `key=value` texts, without the seed."""

    overrides: tuple[str, ...]

    @property
    def label(self) -> str:
        return " ".join(self.overrides) or "as it is"


@attrs.frozen
class SweepPlan:
    """A sweep file, read."""

    file: Path
    experiment: Path
    seeds: tuple[int, ...]
    processes: int | None
    slurm: SlurmOptions
    common: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        return self.file.stem


def read_sweep(file: Path, words: Sequence[str] = ()) -> SweepPlan:
    """The plan in `file`, with `words` of the command line, `sweep.KEY=VALUE`, laid over it.

    Raises:
        ExperimentError: everything that is wrong with it, by file and line.
    """
    layer = read_layer(file, str(file))
    document = merge([layer], overrides_layer(words))
    scope = Scope(document, Registry())
    for name in document.tables:
        if name != "sweep":
            scope.add((name,), f"unknown key {shown(name)}; a sweep file holds one table, [sweep]")
    said = document.tables.get("sweep", {})
    if not isinstance(said, Mapping):
        scope.add(("sweep",), "expected a table")
        raise ExperimentError(scope.problems)
    own = {name: value for name, value in said.items() if name not in _TABLES}
    keys: SweepKeys = structure(SweepKeys, own, ("sweep",), scope, also=_TABLES)
    points = _points(said, scope)
    common = _overrides(said.get("set", {}), ("sweep", "set"), scope)
    if scope.problems or keys is INVALID:
        raise ExperimentError(scope.problems)
    if not keys.seeds or len(set(keys.seeds)) < len(keys.seeds):
        raise _problem(document, "seeds", "expected one seed or more, each once")
    if len(points) * len(keys.seeds) > _MOST_RUNS:
        raise _problem(
            document, "grid", f"{len(points) * len(keys.seeds):,} runs; at most {_MOST_RUNS:,}"
        )
    experiment = Path(keys.experiment)
    return SweepPlan(file, experiment, keys.seeds, keys.processes, keys.slurm, common, points)


def _problem(document: Document, key: str, what: str) -> ExperimentError:
    return ExperimentError([document.problem(("sweep", key), what)])


def _points(said: Mapping[str, Any], scope: Scope) -> tuple[Point, ...]:
    """Every combination of the grid, then the points; the experiment itself where neither is."""
    found = _grid(said.get("grid"), scope) if "grid" in said else []
    listed = said.get("points", [])
    if not isinstance(listed, list):
        scope.add(("sweep", "points"), "expected [[sweep.points]], a table for each point")
        listed = []
    for n, point in enumerate(listed):
        found.append(Point(_overrides(point, ("sweep", "points", n), scope)))
    return tuple(dict.fromkeys(found)) or (Point(()),)


def _grid(grid: Any, scope: Scope) -> list[Point]:
    key: KeyPath = ("sweep", "grid")
    if not isinstance(grid, Mapping):
        scope.add(key, "expected a table of lists")
        return []
    axes: list[list[str]] = []
    for inner, values in leaves(grid):
        if not isinstance(values, list) or not values:
            scope.add((*key, *inner), f"expected a list of values, got {shown(values)}")
            continue
        axes.append([_override(inner, value) for value in values])
    runs = 1
    for axis in axes:
        runs *= len(axis)
    if runs > _MOST_RUNS:
        scope.add(key, f"{runs:,} combinations; at most {_MOST_RUNS:,}")
        return []
    return [Point(combination) for combination in itertools.product(*axes)]


def _overrides(table: Any, key: KeyPath, scope: Scope) -> tuple[str, ...]:
    if not isinstance(table, Mapping):
        scope.add(key, "expected a table of keys and values")
        return ()
    found = []
    for inner, value in leaves(table):
        name = ".".join(map(str, inner))
        if name in ("seed", "evaluate.seed"):
            scope.add((*key, *inner), f"{name} is what [sweep] seeds sets")
        found.append(_override(inner, value))
    return tuple(found)


def _override(key: Sequence[str | int], value: Any) -> str:
    """`loss.use="sdei"`: the key may be written as one quoted name or as nested tables."""
    return f"{'.'.join(map(str, key))}={value_text(value)}"
