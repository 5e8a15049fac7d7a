"""Checks of a teacher: tangents without gradient, row by row, that listen to the label."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.discovery.building import build, options_class
from secantfw.discovery.component import Component
from secantfw.interfaces.build_site import BuildSite
from secantfw.interfaces.records import Cond
from secantfw.interfaces.teacher import Teacher
from secantfw.testing.check import Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.network_inputs import NetworkInputs, network_inputs
from secantfw.testing.subject import Subject

_ROUNDING = 1e-4  # between a row alone and the same row in a batch, in float32


def check_velocity_has_shape_and_dtype_of_x(subject: Subject) -> None:
    """v is (B, *) float32, finite on all of [t_min, t_max]."""
    given, teacher = _inputs(subject), subject.object
    path = teacher.path
    for time in (path.t_min, 0.5 * (path.t_min + path.t_max), path.t_max):
        v = teacher.velocity(given.x, torch.full_like(given.t, time), given.cond)
        good = v.shape == given.x.shape and v.dtype == torch.float32
        require(good, f"gives {v.dtype} {tuple(v.shape)} for float32 {tuple(given.x.shape)}")
        require(v.isfinite().all(), f"is not finite at t = {time:g}")


def check_velocity_has_no_gradient(subject: Subject) -> None:
    """Frozen: no graph is built, whatever the caller's grad mode, and no weight asks for one."""
    given, teacher = _inputs(subject), subject.object
    with torch.enable_grad():
        v = teacher.velocity(given.x.clone().requires_grad_(), given.t, given.cond)
    require(not v.requires_grad, "velocity builds a graph; decorate it with torch.no_grad()")
    asking = [k for k, w in (teacher.weights() or {}).items() if w.requires_grad]
    require(not asking, f"weight {asking[:1]} has requires_grad")


def check_rows_are_independent(subject: Subject) -> None:
    """A row's velocity is the same alone and in a batch: no batch statistics, no dropout."""
    given, teacher = _inputs(subject), subject.object
    together = teacher.velocity(given.x, given.t, given.cond)
    alone = teacher.velocity(given.x[1:2], given.t[1:2], given.cond.map(lambda v: v[1:2]))
    error = float((together[1:2] - alone).abs().max())
    require(error < _ROUNDING, f"a row alone differs from the same row in a batch by {error:.2g}")


def check_time_is_used(subject: Subject) -> None:
    """v changes with t."""
    given, teacher = _inputs(subject), subject.object
    early = teacher.velocity(given.x, given.s, given.cond)
    require(not same(early, teacher.velocity(given.x, given.t, given.cond)), "ignores t")


def check_labels_are_used(subject: Subject) -> None:
    """Where the data have labels, v changes with the label; the null class is accepted."""
    given, teacher = _inputs(subject), subject.object
    classes = subject.site[0].spec.num_classes
    if not classes or given.cond.label is None:
        raise Skip("the data it is built for have no labels")
    other = Cond(label=(given.cond.label + 1) % classes)
    v, changed = (teacher.velocity(given.x, given.t, c) for c in (given.cond, other))
    require(not same(v, changed), "ignores the label")
    labels = [torch.full_like(given.cond.label, k) for k in (classes, *range(min(classes, 8)))]
    null, *known = (teacher.velocity(given.x, given.t, Cond(label)) for label in labels)
    require(null.isfinite().all(), "is not finite for the null class")
    taken = [k for k, one in enumerate(known) if same(one, null)]
    require(not taken, f"takes the null class for class {taken[:1]}")


def check_guidance_is_ignored(subject: Subject) -> None:
    """Guidance is the core's business: `cond.guidance` changes nothing."""
    given, teacher = _inputs(subject), subject.object
    v = teacher.velocity(given.x, given.t, given.cond)
    told = attrs.evolve(given.cond, guidance=torch.full_like(given.t, 3.0))
    require(same(v, teacher.velocity(given.x, given.t, told)), "applies cond.guidance itself")


def check_parameters_are_counted(subject: Subject) -> None:
    """`num_parameters` is 0 without weights, positive with them; `to` gives a teacher."""
    teacher: Teacher = subject.object
    count, weights = teacher.num_parameters(), teacher.weights()
    require((count > 0) == bool(weights), f"num_parameters is {count}, weights {bool(weights)}")
    moved = teacher.to(torch.device("cpu"))
    require(isinstance(moved, Teacher), "`to` does not return a teacher")


def check_its_backbone_starts_at_its_velocity(subject: Subject) -> None:
    """A backbone of its plug-in and name loads its weights: f(x, t, t) == v(x, t), bit for bit."""
    weights = subject.object.weights()
    twin = _twin(subject)
    if weights is None or twin is None:
        raise Skip("has no weights, or no backbone of the same plug-in and name")
    site: BuildSite = subject.site[0]
    student = build(twin, options_class(twin)(), site).eval()
    student.load_tangent(weights)
    given = _inputs(subject)
    with torch.no_grad():
        f = student(given.x, given.t, given.t, given.cond)
    v = subject.object.velocity(given.x, given.t, given.cond)
    require(torch.equal(f, v), f"f(x, t, t) differs from v by {float((f - v).abs().max()):.2g}")


def _twin(subject: Subject) -> Component | None:
    name = subject.component.full_name
    found = [c for c in subject.registry.of_kind("backbone") if c.full_name == name]
    return found[0] if found else None


def _inputs(subject: Subject) -> NetworkInputs:
    return network_inputs(subject.site[0].spec, subject.object.path)


def _trial(subject: Subject) -> Trial:
    given = _inputs(subject)

    def call() -> list[Tensor]:
        return [subject.object.velocity(given.x, given.t, given.cond)]

    return Trial(given.tensors(), call)


CHECKS = (
    check_velocity_has_shape_and_dtype_of_x,
    check_velocity_has_no_gradient,
    check_rows_are_independent,
    check_time_is_used,
    check_labels_are_used,
    check_guidance_is_ignored,
    check_parameters_are_counted,
    check_its_backbone_starts_at_its_velocity,
    *purity_checks(_trial),
)
