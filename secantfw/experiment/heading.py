"""What a run will train, in lines: the head of its plan, said before torch is loaded."""

from __future__ import annotations

from secantfw.experiment.experiment import Experiment

_WIDTH = len("time_sampler")


def heading(experiment: Experiment) -> list[str]:
    """The title, and a line for each component."""
    e = experiment
    parts = [
        e.dataset, e.augmentation, e.path, e.teacher, e.backbone, e.loss, e.time_sampler, e.solver,
        e.engine,
    ]  # fmt: skip
    rows = [plan_row(c.component.kind, c.full_name) for c in parts if c is not None]
    return [e.title, *rows]


def plan_row(label: str, text: str) -> str:
    """One fact of the plan, in its columns."""
    return f"  {label:<{_WIDTH}}  {text}"
