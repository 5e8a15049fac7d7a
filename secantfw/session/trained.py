"""A trained run, loaded again for the verbs that sample, evaluate and export it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError, UserError, nearest
from secantfw.experiment.locations import is_location
from secantfw.runtime.terminal import say
from secantfw.weights.formats import weights_formats

if TYPE_CHECKING:
    from torch import Tensor

    from secantfw.assembly.build import Built
    from secantfw.interfaces.backbone import Backbone
    from secantfw.training.checkpoint import TrainState


#: What may differ from the training: how a run is measured and sampled, not what it is.
_FREE_TABLES = ("evaluate", "metrics", "solver")
_INTERVAL = "guidance.interval"
_LEARNT = "the student has learnt its interval and keeps it; that of the teacher's rows alone is"
_FREE_KEYS = ("guidance.scale", _INTERVAL, "train.device", "train.compile")


@attrs.frozen(eq=False)
class TrainedRun:
    """A run's objects, with the weights of one of its checkpoints in `student`."""

    directory: Path
    built: Built
    student: Backbone
    checkpoint: Path


def load_trained(
    directory: Path,
    overrides: Sequence[str],
    plugins: Plugins,
    weights: Literal["ema", "student"] = "ema",
    *,
    allowed: Sequence[str] = (),
    note: Callable[[str], None] = say,
) -> TrainedRun:
    """The newest valid checkpoint of the run in `directory`; `note` is told the warnings.

    Its files may have moved, where overrides say to; `allowed` may hold something else, too.

    Raises:
        UserError: no run, no valid checkpoint, overrides that change what the network has learnt,
            or files that hold something else than in training.
    """
    from secantfw.assembly.build import build_experiment, device_of
    from secantfw.checking.check_built import check_built
    from secantfw.experiment.load import load
    from secantfw.experiment.located import located
    from secantfw.runtime import run_directory
    from secantfw.runtime.checkpoint_folder import read_newest
    from secantfw.training.checkpoint import check_fits, read_state
    from secantfw.training.moved import check_moved
    from secantfw.weights.stored import stored_tensors

    directory = run_directory.open_run(directory)
    moved = _moved(directory, overrides, plugins)
    loaded = load(directory / "resolved.toml", overrides, plugins)
    for warning in loaded.warnings:
        note(str(warning))

    def read(checkpoint: Path) -> tuple[dict[str, Tensor], TrainState]:
        return stored_tensors(checkpoint / weights), read_state(checkpoint)

    (tensors, state), found, complaints = read_newest(directory / "checkpoints", read)
    for complaint in complaints:
        note(f"secantfw: warning: {complaint}; using {found.name}")
    with located(loaded):
        formats = partial(weights_formats, plugins)
        built = build_experiment(loaded.experiment, device_of(loaded.experiment), formats)
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
        check_moved(state, built, moved, allowed)
    if _one_ode(built) and _INTERVAL in _keys(overrides):
        raise UserError(f"command line: {_INTERVAL}: {_LEARNT} evaluate.teacher_interval")
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    check_fits(found / weights, shapes, built.student)
    built.student.load_state_dict(tensors)
    built.student.requires_grad_(False).eval()
    return TrainedRun(directory, built, built.student, found)


def load_to_measure(
    directory: Path,
    overrides: Sequence[str],
    plugins: Plugins,
    *,
    allowed: Sequence[str] = (),
    note: Callable[[str], None] = say,
) -> TrainedRun:
    """A trained run whose evaluation draws samples; `note` is told what there is to warn of.

    Raises:
        UserError: as `load_trained`; an evaluation of no samples.
    """
    trained = load_trained(directory, overrides, plugins, allowed=allowed, note=note)
    if not trained.built.experiment.evaluate.keys.samples:
        raise UserError("evaluate: evaluate.samples is 0; give a number, evaluate.samples=2048")
    return trained


def _moved(directory: Path, overrides: Sequence[str], plugins: Plugins) -> list[str]:
    """The locations of files that the overrides change.

    Raises:
        UserError: an override of something else that the weights were trained with.
    """
    from secantfw.experiment.load import load

    kept = [key for key in _keys(overrides) if not _is_free(key)]
    if not kept:
        return []
    was = load(directory / "resolved.toml", [], plugins, without_files=True).experiment
    for key in kept:
        if not is_location(was, key):
            raise UserError(f"command line: {key}: a trained run keeps it; {_hint(key)}")
    return kept


def _one_ode(built: Built) -> bool:
    """Whether the student has learnt one guided ODE, so that there is nothing to tell it."""
    guidance = built.experiment.guidance
    return guidance.interval_in_training and len(set(guidance.range or ())) == 1


def _keys(overrides: Sequence[str]) -> list[str]:
    return [override.partition("=")[0].strip() for override in overrides]


def _is_free(key: str) -> bool:
    return key.split(".")[0] in _FREE_TABLES or key in _FREE_KEYS


def _hint(key: str) -> str:
    near = nearest(key, _FREE_KEYS)
    free = ", ".join([*(f"{table}.*" for table in _FREE_TABLES), *_FREE_KEYS])
    return f"did you mean {near!r}?" if near else f"free to change: {free}, and where files are"
