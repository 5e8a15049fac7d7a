"""A trained run, loaded again for the verbs that sample, evaluate and export it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from secantfw.errors import UserError
from secantfw.plugin.loader import Plugins

if TYPE_CHECKING:
    from secantfw.interfaces.backbone import Backbone
    from secantfw.training.build import Built


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
    from secantfw.training import checkpoint, run_directory
    from secantfw.training.build import build_experiment, device_of
    from secantfw.training.run import located
    from secantfw.weights import load_weights

    directory = run_directory.open_run(directory)
    loaded = load(directory / "resolved.toml", overrides, plugins)
    found, _ = checkpoint.newest_valid(directory / "checkpoints")
    with located(loaded):
        built = build_experiment(loaded.experiment, device_of(loaded.experiment))
    tensors = load_weights(found / f"{weights}.safetensors")
    try:
        built.student.load_state_dict(tensors)
    except RuntimeError as error:
        raise UserError(f"{found}: weights do not fit this network ({error})") from error
    built.student.requires_grad_(False).eval()
    return TrainedRun(directory, built, built.student, found)
