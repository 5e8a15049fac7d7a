"""The papers an experiment rests on: its own, and those of the components it names."""

from __future__ import annotations

from secantfw.experiment.experiment import Chosen, Experiment


def cited(experiment: Experiment) -> tuple[str, ...]:
    """As they are said, `arXiv:2505.14502` or a DOI, each once; the experiment's own first."""
    e = experiment
    named: list[Chosen | None] = [
        e.dataset, e.augmentation, e.path, e.teacher, e.backbone, e.loss, e.time_sampler, e.solver,
        e.engine, *e.evaluate.solvers, *e.metrics,
    ]  # fmt: skip
    parts = [cite for chosen in named if chosen is not None for cite in chosen.component.cite]
    return tuple(dict.fromkeys([*e.cite, *parts]))
