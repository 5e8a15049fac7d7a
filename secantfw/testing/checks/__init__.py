"""The checks, one module per kind of component."""

from __future__ import annotations

from secantfw.discovery.component import Kind
from secantfw.testing.check import Check, check_of
from secantfw.testing.checks import (
    augmentation,
    backbone,
    dataset,
    engine,
    every,
    loss,
    metric,
    path,
    solver,
    teacher,
    time_sampler,
)

_OF_KIND = {
    "path": path.CHECKS,
    "dataset": dataset.CHECKS,
    "augmentation": augmentation.CHECKS,
    "backbone": backbone.CHECKS,
    "teacher": teacher.CHECKS,
    "loss": loss.CHECKS,
    "time_sampler": time_sampler.CHECKS,
    "solver": solver.CHECKS,
    "metric": metric.CHECKS,
    "engine": engine.CHECKS,
}


def checks_for(kind: Kind) -> tuple[Check, ...]:
    """Every check that a component of this kind is held to, in the order they are run."""
    return tuple(map(check_of, (*every.CHECKS, *_OF_KIND[kind])))
