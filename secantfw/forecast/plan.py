"""The plan of a run: what will be trained, at what cost, where it starts."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import attrs
import torch

from secantfw.assembly.build import Built
from secantfw.errors import UserError
from secantfw.experiment.cited import cited
from secantfw.experiment.experiment import Chosen
from secantfw.experiment.heading import plan_row
from secantfw.forecast.evaluation_cost import evaluation_cost, picture_cost
from secantfw.forecast.flops import CountedFlops
from secantfw.interfaces.records import Batch, LossTerms
from secantfw.parallel.context import RunContext
from secantfw.runtime.memory import PeakBytes
from secantfw.training.batches import BatchSource
from secantfw.training.start import start_of
from secantfw.training.teacher_steps import choose_teacher_steps


@attrs.frozen
class PlannedComponent:
    """One component of the plan; `parameters` is None for one without a network."""

    kind: str
    name: str
    summary: str
    parameters: int | None = None


@attrs.frozen
class Plan:
    """What is printed before a run and kept as plan.json."""

    title: str
    cite: tuple[str, ...]
    components: tuple[PlannedComponent, ...]
    evaluations_per_step: str
    start: str
    weights: str  # what was made of a foreign weights file; "" without one
    device: str
    steps: int
    batch_size: int
    disk: str = ""
    processes: str = ""
    evaluation: str = ""
    row_bytes: int = 0  # that the loss's forward pass keeps of a row; 0: not known
    teacher_solve: str = ""  # how losses integrate the teacher; empty: they do not

    def as_json(self) -> dict[str, Any]:
        return attrs.asdict(self)

    def lines(self) -> list[str]:
        """The plan as text, a line a fact; `heading` says the title and the components."""
        cost = f"{self.steps} steps of {self.batch_size}, {self.evaluations_per_step} per step"
        facts = {
            "parameters": self._sizes(),
            "weights": self.weights,
            "start": self.start,
            "cost": f"{cost}, on {self.device}",
            "teacher's ODE": self.teacher_solve,
            "processes": self.processes,
            "evaluation": self.evaluation,
            "disk": self.disk,
        }
        return [plan_row(label, text) for label, text in facts.items() if text]

    def _sizes(self) -> str:
        sized = [c for c in self.components if c.parameters]
        return ", ".join(f"{c.kind} {c.parameters:,}" for c in sized)


def make_plan(built: Built, ctx: RunContext, source: BatchSource) -> Plan:
    """The plan, with the loss evaluated once on two rows to count its network evaluations.

    Raises:
        UserError: a loss that fails on a real batch, or a student that does not start from the
            teacher it should start from.
    """
    e = built.experiment
    tried = _tried(built, ctx, source)
    teacher_solve = ""
    if tried.solves:
        chosen = choose_teacher_steps(built, ctx, source)
        teacher_solve = chosen.text(e.teacher_solver.full_name)
        if chosen.multiple > 1:
            tried = _tried(built, ctx, source)
    return Plan(
        title=e.title,
        cite=cited(e),
        components=planned_components(built),
        evaluations_per_step=tried.evaluations,
        start=start_of(built, source),
        weights=built.converted,
        device=built.device.type,
        steps=e.train.steps,
        batch_size=e.train.batch_size,
        evaluation=_evaluation(built, tried.flops),
        row_bytes=tried.row_bytes,
        teacher_solve=teacher_solve,
    )


def planned_components(built: Built) -> tuple[PlannedComponent, ...]:
    """The components in the plan's order, networks with their sizes."""
    return tuple(_planned(part, built) for part in _parts(built))


def _parts(built: Built) -> list[Chosen]:
    e = built.experiment
    parts = [
        e.dataset, e.augmentation, e.path, e.teacher, e.backbone, e.loss, e.time_sampler, e.solver,
        e.engine,
    ]  # fmt: skip
    return [part for part in parts if part is not None]


def _planned(part: Chosen, built: Built) -> PlannedComponent:
    c, parameters = part.component, None
    if c.kind == "backbone":
        parameters = sum(p.numel() for p in built.student.parameters())
    if c.kind == "teacher" and built.teacher is not None:
        parameters = built.teacher.num_parameters() or None
    return PlannedComponent(c.kind, c.full_name, c.summary, parameters)


def _evaluation(built: Built, flops: float) -> str:
    """What will be measured in the end, and what that takes; "" without an evaluation.

    Args:
        flops: of one evaluation of a sample, taken for the teacher's too; 0: not known.
    """
    e = built.experiment
    if not e.evaluate.keys.samples or not flops:
        return ""
    pictures = picture_cost(built.dataset, 1)
    found = evaluation_cost(built, {"student": flops, "teacher": flops}, pictures)
    return "" if found is None else found.text()


@attrs.frozen
class _Tried:
    """What the loss on two rows showed."""

    evaluations: str
    row_bytes: int  # that its forward pass keeps of a row; 0: not counted
    flops: float  # of one evaluation, the mean over the networks; 0: not counted
    solves: bool  # whether it integrates the teacher


@torch.no_grad()
def _student_flops(built: Built, batch: Batch) -> float:
    """Of one evaluation of a sample, by a plain one that nobody counts."""
    t = torch.full((len(batch.x_0),), built.path.t_max, device=built.device)
    training = built.student.training
    with CountedFlops() as spent:
        built.student.eval()(batch.x_0, t, t, batch.cond)
    built.student.train(training)
    return float(spent.flops) / len(batch.x_0)


def _tried(built: Built, ctx: RunContext, source: BatchSource) -> _Tried:
    batch, rng = source.few(2).batch(0), source.streams.at("times", 0)
    times = built.time_sampler.sample(2, built.loss.times_needed(), built.path, rng, 0.0)
    before = attrs.evolve(ctx.counts)
    # Compiled code sees no dispatch mode, and would be compiled again under one.
    count = built.experiment.train.compile == "none"
    kept = [*built.student.parameters(), *built.teacher_weights()]
    solved = ctx.solves
    alive, flops = PeakBytes(kept), CountedFlops()
    with alive if count else nullcontext(), flops if count else nullcontext():
        terms = built.loss(ctx, batch, times)
    if not isinstance(terms, LossTerms) or tuple(terms.per_sample.shape) != (2,):
        got = getattr(getattr(terms, "per_sample", terms), "shape", type(terms).__name__)
        raise UserError(
            f"loss: {built.experiment.loss.full_name} must return LossTerms with per_sample of "
            f"shape (B,); for B = 2 it gave {got}"
        )
    spent = attrs.evolve(
        ctx.counts,
        forward=ctx.counts.forward - before.forward,
        backward=ctx.counts.backward - before.backward,
        teacher=ctx.counts.teacher - before.teacher,
    )
    each = flops.flops / max(1, spent.evaluations)
    if count and "jvp" in built.loss.requirements():  # with the derivative's beside them
        each = _student_flops(built, batch)
    return _Tried(spent.per_row(2), alive.peak // 2, each, ctx.solves > solved)
