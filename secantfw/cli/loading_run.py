"""A trained run, loaded again for the verbs that sample, evaluate and export it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from secantfw.errors import ExperimentError, UserError, nearest
from secantfw.plugin.loader import Plugins
from secantfw.plugin.weights_formats import weights_formats
from secantfw.runtime.terminal import say, warn

if TYPE_CHECKING:
    from secantfw.interfaces.backbone import Backbone
    from secantfw.training.build import Built


#: What may differ from the training: how a run is measured and sampled, not what it is.
_FREE_TABLES = ("evaluate", "metrics", "solver")
_FREE_KEYS = ("guidance.scale", "guidance.interval", "train.device", "train.compile")


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
) -> TrainedRun:
    """The newest valid checkpoint of the run in `directory`.

    Raises:
        UserError: no run, no valid checkpoint, or overrides that change the network.
    """
    from secantfw.experiment.load import load
    from secantfw.training import run_directory
    from secantfw.training.build import build_experiment, device_of
    from secantfw.training.check_built import check_built
    from secantfw.training.checkpoint import check_fits, tensors_of
    from secantfw.training.checkpoint_folder import read_newest
    from secantfw.training.run import located

    directory = run_directory.open_run(directory)
    for override in overrides:
        _check_override(override)
    loaded = load(directory / "resolved.toml", overrides, plugins)
    for warning in loaded.warnings:
        say(warning)
    read = partial(tensors_of, name=weights)
    tensors, found, complaints = read_newest(directory / "checkpoints", read)
    for complaint in complaints:
        warn(f"{complaint}; using {found.name}")
    with located(loaded):
        formats = partial(weights_formats, plugins)
        built = build_experiment(loaded.experiment, device_of(loaded.experiment), formats)
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
    check_fits(found / f"{weights}.safetensors", tensors, built.student)
    built.student.load_state_dict(tensors)
    built.student.requires_grad_(False).eval()
    return TrainedRun(directory, built, built.student, found)


def _check_override(override: str) -> None:
    """Refuse to change what the weights were trained with."""
    key = override.partition("=")[0].strip()
    if key.split(".")[0] not in _FREE_TABLES and key not in _FREE_KEYS:
        near = nearest(key, _FREE_KEYS)
        free = ", ".join([*(f"{table}.*" for table in _FREE_TABLES), *_FREE_KEYS])
        hint = f"did you mean {near!r}?" if near else f"free to change: {free}"
        raise UserError(f"command line: {key}: a trained run keeps it; {hint}")
