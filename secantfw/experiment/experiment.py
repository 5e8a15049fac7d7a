"""An experiment as records: what its file says, structured and complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import attrs

from secantfw.discovery.component import Component
from secantfw.experiment.baseline_files import BaselineFiles
from secantfw.experiment.schema import (
    BackboneKeys,
    Ema,
    EvaluateKeys,
    Guidance,
    Head,
    Train,
)
from secantfw.options import option_info


@attrs.frozen
class Chosen:
    """A component that the experiment names, with its structured options."""

    component: Component
    options: Any

    @property
    def full_name(self) -> str:
        return self.component.full_name


@attrs.frozen
class Evaluate:
    """`[evaluate]`, structured: the keys and the chosen solvers."""

    keys: EvaluateKeys
    solvers: tuple[Chosen, ...]
    reference: Chosen  # what `keys.reference_solver` names
    baselines: BaselineFiles = attrs.field(factory=BaselineFiles, repr=False)


@attrs.frozen
class DefaultEngines:
    """What trains where `[engine]` says nothing: in one process, and in several; None where it is
    not installed."""

    alone: Component | None
    beside: Component | None


@attrs.frozen
class Experiment:
    """An experiment, complete: every table structured, every path absolute."""

    file: Path
    head: Head
    dataset: Chosen
    path: Chosen
    backbone: Chosen
    backbone_keys: BackboneKeys
    teacher: Chosen | None
    guidance: Guidance
    loss: Chosen
    time_sampler: Chosen
    solver: Chosen
    train: Train
    augmentation: Chosen | None
    engine: Chosen | None  # None: one of `engines`
    engines: DefaultEngines
    ema: Ema
    evaluate: Evaluate
    metrics: tuple[Chosen, ...]
    teacher_solver: Chosen  # what `train.teacher_solver` names

    @property
    def name(self) -> str:
        """What its runs are called; a resolved file keeps the name it was resolved from."""
        return self.head.name

    @property
    def title(self) -> str:
        return self.head.title

    @property
    def cite(self) -> tuple[str, ...]:
        return self.head.cite

    @property
    def seed(self) -> int:
        return self.head.seed

    @property
    def local_plugins(self) -> tuple[Path, ...]:
        return tuple(map(Path, self.head.local_plugins))

    @property
    def init(self) -> Literal["teacher", "weights", "scratch"]:
        """Where the student starts; resolving has settled it."""
        assert self.backbone_keys.init is not None
        return self.backbone_keys.init

    def student_weights(self) -> Path | None:
        """The file that the student starts from, if it has one of its own."""
        return None if self.backbone_keys.weights is None else Path(self.backbone_keys.weights)

    def teacher_weights(self) -> Path | None:
        """The teacher's weights file, if it has one."""
        return None if self.teacher is None else weights_file(self.teacher)


def weights_file(chosen: Chosen) -> Path | None:
    """A component's weights file, by the convention that its option `weights` names a file."""
    field = attrs.fields_dict(type(chosen.options)).get("weights")
    if field is None or not option_info(field).is_path:
        return None  # a mixture's `weights` are numbers
    weights = chosen.options.weights
    return None if weights is None else Path(weights)


def lacks_files(chosen: Chosen) -> bool:
    """Whether a file that the component's options name is not there."""
    fields = [f for f in attrs.fields(type(chosen.options)) if option_info(f).is_path]
    named = [getattr(chosen.options, field.name) for field in fields]
    return any(isinstance(path, str) and not Path(path).exists() for path in named)
