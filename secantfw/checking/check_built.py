"""The problems that only building shows: components that cannot work together."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from secantfw.assembly.build import Built, build
from secantfw.assembly.planned_rows import planned_rows
from secantfw.baselines.find import check_baselines
from secantfw.checking.check_guidance import guidance_problems
from secantfw.checking.check_path import path_problems
from secantfw.errors import Problem, UserError
from secantfw.interfaces.augmentation import Augmented, RowDraws
from secantfw.interfaces.metric import Metric
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Solver
from secantfw.sampling.solver_text import solver_text


def check_built(built: Built) -> list[Problem]:
    """Problems of components that cannot work together: what the loss requires and nobody has,
    guidance without classes, a network whose output does not fit the data."""
    parts = (
        path_problems, _times, _unmet, _teacher_solver, guidance_problems, _evaluation, _augmented,
        _shape,
    )  # fmt: skip
    return [problem for part in parts for problem in part(built)]


def _evaluation(built: Built) -> Iterator[Problem]:
    """An evaluation without rows, with a row or a column twice, or without a reference."""
    evaluate = built.experiment.evaluate
    if not evaluate.keys.samples:
        return
    labelled = [(chosen.full_name, solver_text(chosen.options)) for chosen in evaluate.solvers]
    for name, _ in sorted({one for one in labelled if labelled.count(one) > 1}):
        yield Problem(f"{name} stands twice with the same options", key="evaluate.solvers")
    keys = [metric.key for metric in built.metrics]
    for key in sorted({k for k in keys if keys.count(k) > 1}):
        yield Problem(f"two metrics write the column {key!r}", key="metrics.use")
    for metric in built.metrics:
        if isinstance(metric, Metric) and metric.least_samples > evaluate.keys.samples:
            yield Problem(
                f"{metric.key} needs at least {metric.least_samples:,} samples a row, got "
                f"{evaluate.keys.samples:,}",
                key="evaluate.samples",
            )
    reference: Solver = build(evaluate.reference)  # type: ignore[assignment]
    name = evaluate.reference.full_name
    if reference.stochastic:
        yield Problem(f"{name} draws noise: it solves no ODE", key="evaluate.reference_solver")
    if "secant" in reference.requires:
        yield Problem(f"a teacher has no secants for {name}", key="evaluate.reference_solver")
    try:
        check_baselines(built)
    except UserError as error:
        yield Problem(str(error), key="evaluate.baselines")
    if not planned_rows(built):
        yield Problem("no solver fits: the table would have no row", key="evaluate.nfe")


def _times(built: Built) -> Iterator[Problem]:
    """A loss that cannot say which times it needs."""
    name = built.experiment.loss.full_name
    try:
        built.loss.times_needed()
    except Exception as error:  # a plug-in's mistake, shown before anything is spent
        yield Problem(f"{name}: times_needed: {type(error).__name__}: {error}", key="loss.use")


def _unmet(built: Built) -> Iterator[Problem]:
    e, needs = built.experiment, built.loss.requirements()
    name = e.loss.full_name
    if "teacher" in needs and built.teacher is None:
        yield Problem(f"{name} needs a teacher; add a [teacher] table", key="loss.use")
    if "labels" in needs and not built.dataset.spec.num_classes:
        yield Problem(f"{name} needs labels; {e.dataset.full_name} has none", key="loss.use")
    if "bidirectional" in needs:
        if "bidirectional" not in built.time_sampler.capabilities():
            yield Problem(
                f"{name} steps in both directions, and {e.time_sampler.full_name} draws s < t "
                'only; set time_sampler.direction = "both"',
                key="time_sampler.direction",
            )
        if "bidirectional" not in built.student.supports:
            yield Problem(
                f"{name} needs s > t too, which {e.backbone.full_name} does not support",
                key="backbone.use",
            )
    if "every_time" in needs and "every_time" not in built.time_sampler.capabilities():
        yield Problem(
            f"{name} needs t everywhere, and {e.time_sampler.full_name} draws it on a grid",
            key="time_sampler.use",
        )
    for field in sorted({"mid", "tangent_rows"} & needs - built.time_sampler.capabilities()):
        yield Problem(
            f"{name} needs times.{field}, which {e.time_sampler.full_name} does not give",
            key="time_sampler.use",
        )
    known = {
        "teacher", "labels", "bidirectional", "every_time", "mid", "tangent_rows", "ema", "jvp",
    }  # fmt: skip
    for need in sorted(needs - known):
        yield Problem(f"{name} requires {need!r}, which nothing here provides", key="loss.use")
    if "jvp" in needs and "jvp" not in built.student.supports:
        yield Problem(
            f"{name} needs forward-mode derivatives; {e.backbone.full_name} has none",
            key="backbone.use",
        )


def _teacher_solver(built: Built) -> Iterator[Problem]:
    chosen = built.experiment.teacher_solver
    solver: Solver = build(chosen)  # type: ignore[assignment]
    if "secant" in solver.requires:
        yield Problem(
            f"a teacher has no secants for {chosen.full_name}", key="train.teacher_solver"
        )
    if solver.stochastic:
        yield Problem(
            f"{chosen.full_name} draws noise: it solves no ODE", key="train.teacher_solver"
        )


def _augmented(built: Built) -> Iterator[Problem]:
    """An augmentation that does not fit the data."""
    try:
        changed = _changed(built)
    except UserError as error:
        yield Problem(str(error), key="augmentation.use")
        return
    if changed is not None and changed.x_0.shape[1:] != built.dataset.spec.shape:
        shapes = f"{tuple(changed.x_0.shape[1:])} of data {built.dataset.spec.shape}"
        yield Problem(f"makes {shapes}", key="augmentation.use")


def _changed(built: Built) -> Augmented | None:
    """What the augmentation makes of two items, on the CPU."""
    if built.augmentation is None:
        return None
    draws = RowDraws(torch.Generator().manual_seed(0), 2)
    return built.augmentation(torch.zeros((2, *built.dataset.spec.shape)), draws)


def _shape(built: Built) -> Iterator[Problem]:
    """One evaluation on the meta device: the secant must have the shape of the data."""
    if built.device.type != "meta":
        return
    shape = (2, *built.dataset.spec.shape)
    x, t = torch.empty(shape, device="meta"), torch.empty(2, device="meta")
    label = torch.empty(2, dtype=torch.int64, device="meta")
    try:
        changed = _changed(built)
    except UserError:
        return  # `_augmented` says it
    cond = Cond(
        label if built.dataset.spec.num_classes else None,
        None if built.experiment.guidance.range is None else t,
        None if changed is None else changed.told.to("meta"),
    )
    try:
        out = tuple(built.student(x, t, t, cond).shape)
    except (UserError, RuntimeError, ValueError, TypeError, IndexError) as error:
        first = str(error).splitlines()[0]
        yield Problem(f"cannot be evaluated on data {shape[1:]}: {first}", key="backbone")
        return
    if out != shape:
        yield Problem(f"gives {out[1:]} for data {shape[1:]}", key="backbone")
