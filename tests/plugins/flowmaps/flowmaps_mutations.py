"""Seeded bugs: one change of the source each, and checks that catch it (others may, too)."""

from __future__ import annotations

import attrs
from flowmaps_subject import Patch

BOTH = "fixed_point reference"


@attrs.frozen
class Mutation:
    """A bug in the loss `loss`, or in what it stands on, and what it is caught by."""

    loss: str
    title: str
    patch: Patch
    caught_by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.loss}: {self.title}"


def _mutations(loss: str, *rows: tuple[str, ...]) -> list[Mutation]:
    """Rows of (title, old, new, caught by) or, for a part, (title, old, new, caught by, part)."""
    return [
        Mutation(loss, title, Patch((*part, loss)[0], old, new), tuple(by.split()))
        for title, old, new, by, *part in rows
    ]


_ALONG_PATH = (
    ("t runs backwards", "torch.ones_like(times.t)", "-torch.ones_like(times.t)", BOTH,
     "along_path"),
    ("s moves too", "torch.zeros_like(times.s)", "torch.ones_like(times.s)", BOTH, "along_path"),
    ("x does not move", "Point(v, ", "Point(torch.zeros_like(v), ", BOTH, "along_path"),
)  # fmt: skip

_STEP = "v + at(times.s - times.t, x_t)"
_MEAN_FLOW = _mutations(
    "mean_flow",
    *_ALONG_PATH,
    ("sign of the step", _STEP, _STEP.replace("v +", "v -"), BOTH),
    ("target with a graph", "- stop_grad(target)", "- target", "reference"),
    ("weight with a graph", "(stop_grad(error) + self", "(error + self", "reference"),
    ("weight inverted", "** -self.options.power", "** self.options.power", "reference"),
    ("conditions exchanged", 'tangent == "data" else', 'tangent != "data" else', "reference"),
    ("teacher asked at the data", "ctx.teacher(x_t, t, batch", "ctx.teacher(x_t, 0 * t, batch",
     "reference"),
    ("data's tangent at another time", "ctx.path.tangent(batch, t)",
     "ctx.path.tangent(batch, 1 - t)", "reference"),
)  # fmt: skip

_SHORTCUT = _mutations(
    "shortcut",
    ("second half from x_t", "network(x_m, m,", "network(x_t, m,", BOTH),
    ("whole step to the middle", "x_m = x_t + at(m - t", "x_m = x_t + at(s - t", BOTH),
    ("sum of the halves", "(first + second) / 2", "first + second", BOTH),
    ("kinds of rows exchanged", "torch.where(rows, ctx", "torch.where(~rows, ctx", "reference"),
    ("live and EMA weights exchanged", 'weights == "live"', 'weights != "live"',
     "counts reference"),
    ("no tangents at the shortest", "<= _SLACK * shortest", "< 0 * shortest", "reference"),
    ("a step one half as long", "(m - t).abs()", "(s - t).abs()", "reference"),
    ("conditions of a distilled loss", "s, cond = times.t, times.s, batch.cond_data",
     "s, cond = times.t, times.s, batch.cond", "reference"),
    ("flow matching to the noise", "ctx.path.tangent(batch, times.t)", "batch.z", BOTH),
)  # fmt: skip

_TARGET = (
    ("share of the wrong part", "(s - r) / width", "(r - t) / width", "reference", "consistency"),
    ("sign of the jump", "(x_r - x_t) /", "(x_t - x_r) /", BOTH, "consistency"),
    ("neighbour's secant read at x_t", "network(x_r, r, s", "network(x_t, t, s", "reference",
     "consistency"),
    ("neighbour's tangent", "network(x_r, r, s", "network(x_r, r, r", BOTH, "consistency"),
    ("sign of the width", "(s == t, 1, s - t)", "(s == t, 1, t - s)", BOTH, "consistency"),
    ("no target where s = t", "torch.where(s == t, 1, (s - r) / width)", "(s - r) / width",
     "reference", "consistency"),
    ("live and EMA weights exchanged", 'ctx.student if weights == "live"',
     'ctx.student if weights != "live"', "counts reference", "consistency"),
    ("Huber without its root", "(error + huber**2).sqrt()", "(error + huber**2)", "reference",
     "consistency"),
)  # fmt: skip


def _by_reference(rows: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """The same for a loss whose fixed point is another."""
    return [
        (title, old, new, by.removeprefix("fixed_point "), *p) for title, old, new, by, *p in rows
    ]


_TRAINING = _mutations(
    "consistency_training",
    *_by_reference(_TARGET),
    ("neighbour at the data", "ctx.path.point(batch, times.mid)", "ctx.path.point(batch, times.s)",
     "reference"),
    ("conditions of a distilled loss", "self.options, batch.cond_data", "self.options, batch.cond",
     "reference"),
    ("target with a graph", "cond, grad=False)", "cond, grad=weights == 'live')", "counts",
     "consistency"),
)  # fmt: skip

_SOLVE = "times.t, times.mid, o.solver_steps"
_DISTILLATION = _mutations(
    "consistency_distillation",
    *_TARGET,
    ("solved to the end", _SOLVE, _SOLVE.replace("times.mid", "times.s"), BOTH),
    ("solved backwards", _SOLVE, "times.mid, times.t, o.solver_steps", BOTH),
    ("a step too many", _SOLVE, _SOLVE + " + 1", "counts reference"),
    ("conditions of the data", "self.options, batch.cond\n", "self.options, batch.cond_data\n",
     "reference"),
)  # fmt: skip

_TEACHER = "ctx.teacher(x_s, s, cond)"
_LAGRANGIAN = _mutations(
    "lagrangian",
    ("sign of the derivative", "velocity = d.value +", "velocity = d.value -", BOTH),
    ("teacher at the start", _TEACHER, "ctx.teacher(x_t, t, cond)", BOTH),
    ("teacher at the start's time", _TEACHER, "ctx.teacher(x_s, t, cond)", BOTH),
    ("teacher at the start's point", _TEACHER, "ctx.teacher(x_t, s, cond)", BOTH),
    ("derivative in t", "torch.zeros_like(t), torch.ones_like(s)",
     "torch.ones_like(t), torch.zeros_like(s)", BOTH),
    ("derivative without a graph", "* d.derivative", "* d.derivative.detach()", "reference"),
    ("end on the other side", "x_s = x_t + at", "x_s = x_t - at", BOTH),
    ("conditions of the data", "times.s, batch.cond\n", "times.s, batch.cond_data\n",
     "reference"),
)  # fmt: skip

_EULERIAN = _mutations(
    "eulerian",
    *_ALONG_PATH,
    ("sign of the derivative", "moved = v + at", "moved = v - at", BOTH),
    ("sign of the secant", "d.derivative - d.value", "d.derivative + d.value", BOTH),
    ("derivative without a graph", "* d.derivative", "* d.derivative.detach()", "reference"),
    ("teacher at the end", "ctx.teacher(x_t, times.t,", "ctx.teacher(x_t, times.s,", BOTH),
    ("teacher conditioned as the data", "times.t, batch.cond)", "times.t, batch.cond_data)",
     "reference"),
    ("absolute error", "moved.square()", "moved.abs()", "reference"),
)  # fmt: skip

MUTATIONS = [
    *_MEAN_FLOW, *_SHORTCUT, *_TRAINING, *_DISTILLATION, *_LAGRANGIAN, *_EULERIAN,
]  # fmt: skip
