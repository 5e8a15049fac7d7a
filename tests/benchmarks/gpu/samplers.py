"""Samplers: parity of graph and eager, and their time for each network and batch."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from report import Figure
from secantfw_basics.solvers.secant import SecantSteps
from secantfw_cuda.options import SecantGraphOptions
from secantfw_cuda.secant_graph import SecantGraph
from session import MODELS, Session

from secantfw.experiment.schema import Guidance
from secantfw.sampling.draw import draw, starts
from secantfw.sampling.field import student_field

STEPS = 4
BATCHES = (1, 64, 256)


def solver(session: Session, **options) -> SecantGraph:
    on = "off" if session.tiny else "on"
    return SecantGraph(SecantGraphOptions(**{"graph": on, **options}))


def field_of(session: Session, model: str, guidance: Guidance | None = None):
    """The student's field and the shape of its items; compiled code needs no gradients."""
    built = session.built(model)
    student = built.student.eval().requires_grad_(False)
    guidance = built.experiment.guidance if guidance is None else guidance
    spec = built.dataset.spec
    return student_field(student, built.path, guidance, spec.num_classes), spec


def parity(session: Session) -> Iterator[Figure]:
    """Equal bits by equal kernels; what the fused kernel and bf16 change, relative to the std."""
    differing = 0
    for model in ("tiny SiT", "EDM CIFAR-10"):
        field, spec = field_of(session, model, Guidance(scale=1.5, interval=(0.1, 0.9)))
        (start,) = starts(spec, 0, session.batch(8), 8, session.device)
        plain = draw(field, SecantSteps(), start, STEPS)
        graph = solver(session, kernel="torch")
        for _ in range(2):  # recorded, then replayed
            differing += int((draw(field, graph, start, STEPS) != plain).sum())
        kernels = ("torch",) if session.tiny else ("torch", "triton")
        for kernel in kernels:
            for precision in ("fp32", "bf16"):
                end = draw(
                    field, solver(session, kernel=kernel, precision=precision), start, STEPS
                )
                error = float((end - plain).square().mean().sqrt() / plain.std())
                yield Figure(f"{model} by {kernel}, {precision}, off by", error)
    yield Figure("graph and eager differ in", differing, "numbers")


def samplers(session: Session) -> Iterator[Figure]:
    """ms for one evaluation in bf16, and images/s at N = 4."""
    for model in MODELS:
        field, spec = field_of(session, model)
        for rows in BATCHES:
            count = session.batch(rows)
            (start,) = starts(spec, 0, count, count, session.device)
            spent = {}
            for name, options in _variants(rows, session):
                chosen = solver(session, precision="bf16", kernel="torch", rows=count, **options)
                session.free()
                call = lambda: draw(field, chosen, start, STEPS)  # noqa: B023, E731
                spent[name] = session.milliseconds(call, repeats=10)
                place = f"{model} batch {rows}, {name}"
                yield Figure(place, spent[name] / STEPS, "ms an evaluation")
                yield Figure(f"{place}, images/s", 1e3 * count / spent[name], "images/s")
                yield Figure(f"{place}, peak", session.peak() / 1e9, "GB")
            yield Figure(
                f"{model} batch {rows}, graph against eager", spent["eager"] / spent["graph"], "x"
            )
            gc.collect()
        if model == "SiT-XL/2":
            yield from _pool(session, field, spec)
        gc.collect()


def _variants(rows: int, session: Session):
    yield "eager", {"graph": "off"}
    yield "graph", {}
    if rows == 1:  # where launches are what takes the time; a compilation is a minute's worth
        yield (
            "graph + compile",
            {"compile": "eager" if session.tiny else "inductor", "fullgraph": False},
        )


def _pool(session: Session, field, spec) -> Iterator[Figure]:
    """What recording adds to the peak of the same samples without it."""
    if session.tiny:
        return
    (start,) = starts(spec, 0, 64, 64, session.device)
    peaks = []
    for options in ({"graph": "off"}, {}):
        session.free()
        draw(field, solver(session, precision="bf16", rows=64, **options), start, STEPS)
        peaks.append(session.peak())
    yield Figure("graph pool beside eager's peak", 100 * (peaks[1] / peaks[0] - 1), "%")
