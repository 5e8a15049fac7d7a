"""Checks of an engine, alone in its group: the gradient of the mean loss, whole and in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from secantfw.discovery.building import build, target_class
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import LossTerms, TimesNeed, WeightsHeader
from secantfw.parallel.engine import Engine, EngineSite
from secantfw.parallel.group import ALONE
from secantfw.parallel.pieces import Pieces
from secantfw.runtime.signals import StopRequest
from secantfw.testing.check import require
from secantfw.testing.network_context import ROWS, LossInputs, NetworkContext, loss_inputs
from secantfw.testing.reference_paths import StraightLine
from secantfw.testing.subject import Subject
from secantfw.weights.stored import stored_tensors

_CPU = torch.device("cpu")
_Check: TypeAlias = Callable[[Subject], None]
_CLOSE = 1e-5
_UNEVEN = 6  # rows at most: of 16 that is pieces of 5, 5 and 6


@contextmanager
def _group_of(subject: Subject) -> Iterator[None]:
    """A group of this process alone, for an engine that does not work without any."""
    if target_class(subject.component).works_alone or dist.is_initialized():
        yield
        return
    store = dist.HashStore()  # type: ignore[attr-defined]
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        yield
    finally:
        dist.destroy_process_group()


def _in_its_group(check: _Check) -> _Check:
    @wraps(check)
    def checked(subject: Subject) -> None:
        with _group_of(subject):
            check(subject)

    return checked


@_in_its_group
def check_gradient_is_that_of_the_mean_loss(subject: Subject) -> None:
    """The parameters' gradient is that of the mean loss over the rows."""
    trial = _Trial(subject)
    trial.step()
    _require_near(trial.gradient(), _expected(trial), "the gradient of the mean loss")


@_in_its_group
def check_pieces_add_up(subject: Subject) -> None:
    """With micro_batch_size the gradient is the same, of pieces of unequal size too."""
    for micro in (1, _UNEVEN):
        trial = _Trial(subject, micro)
        trial.step()
        _require_near(trial.gradient(), _expected(trial), f"the whole's in pieces of {micro}")


@_in_its_group
def check_backward_returns_the_loss(subject: Subject) -> None:
    """`backward` returns the mean loss, and what is not finite where a row's is not."""
    for micro in (None, _UNEVEN):
        trial = _Trial(subject, micro)
        found, expected = trial.step_and_mean()
        off = float((found - expected).abs() / expected.abs())
        require(found.shape == () and off < _CLOSE, f"backward gives {found}, not {expected:.6g}")
    trial = _Trial(subject)
    trial.inputs.batch.x_0[ROWS // 2] = float("nan")
    require(not torch.isfinite(trial.step()), "backward returns a finite number for a loss of nan")


@_in_its_group
def check_scale_multiplies_the_gradient_alone(subject: Subject) -> None:
    """With a `scale` the gradient is multiplied by it, in every piece; the loss is not."""
    for micro in (None, _UNEVEN):
        trial = _Trial(subject, micro)
        trial.engine.scale = torch.tensor(1024.0)
        found, expected = trial.step_and_mean()
        off = float((found - expected).abs() / expected.abs())
        require(off < _CLOSE, f"backward returns {float(found):.6g}, not the loss")
        _require_near(trial.gradient() / 1024, _expected(trial), "1024 times that of the loss")


@_in_its_group
def check_total_norm_is_that_of_all_gradients(subject: Subject) -> None:
    """`total_norm` is the 2-norm of all gradients together."""
    trial = _Trial(subject)
    trial.step()
    gradients = [p.grad for p in trial.parameters if p.grad is not None]
    found = trial.engine.total_norm(gradients)
    expected = _expected(trial).norm()
    require((found - expected).abs() < _CLOSE * expected, f"is {found:.6g}, not {expected:.6g}")


@_in_its_group
def check_what_is_saved_is_loaded(subject: Subject) -> None:
    """Weights that were saved are there again after `load`, and can be read by one process."""
    trial = _Trial(subject)
    with TemporaryDirectory() as folder:
        place = Path(folder) / "student"
        tensors = trial.engine.weights(trial.student)
        saved = {name: _together(tensor).clone() for name, tensor in tensors.items()}
        trial.engine.save(place, tensors, WeightsHeader(""))
        stored = stored_tensors(place)
        require(stored.keys() == saved.keys(), "other names are stored than were saved")
        same = all(torch.equal(stored[name], saved[name]) for name in saved)
        require(same, "the stored tensors are not those that were saved")
        with torch.no_grad():
            for tensor in tensors.values():
                tensor.zero_()
        trial.engine.load(place, tensors)
    again = {name: _together(t) for name, t in trial.engine.weights(trial.student).items()}
    same = all(torch.equal(again[name], saved[name]) for name in saved)
    require(same, "after `load` the student's weights are not those that were saved")


class _Squares(SecantLoss):
    """mean (f(x_0, t, s) - z)^2: of what an engine should know nothing."""

    def times_needed(self) -> TimesNeed:
        return TimesNeed()

    def __call__(self, ctx: Any, batch: Any, times: Any) -> LossTerms:
        f = ctx.student(batch.x_0, times.t, times.s, batch.cond, grad=True)
        per_sample = (f - batch.z).square().mean(1)
        return LossTerms(per_sample, {"size": f.detach().abs().mean()})


class _Trial:
    """An engine at work on one batch of a small network."""

    def __init__(self, subject: Subject, micro: int | None = None) -> None:
        self.loss: Any = _Squares()
        self.ctx: Any = NetworkContext(StraightLine(), torch.float32)
        need = self.loss.times_needed()
        self.inputs: LossInputs = loss_inputs(
            need, self.ctx.path, False, guidance=False, dtype=torch.float32
        )
        site = EngineSite(ALONE, Pieces(range(ROWS), ROWS, micro))
        self.engine: Engine = build(subject.component, subject.options, site)
        student: Any = self.ctx.live
        self.engine.prepare(student, self.ctx.ema, self.loss, self.ctx)
        self.engine.agreed(StopRequest(), _CPU)
        self.student = student
        self.trained: list[nn.Parameter] = list(student.parameters())
        self.parameters = [self.engine.local(p) for p in self.trained]

    def step(self) -> Tensor:
        with torch.enable_grad():
            computed = self.engine.compute(self.inputs.batch, self.inputs.times)
            return self.engine.backward(computed.objective).detach()

    def gradient(self) -> Tensor:
        """Of all parameters, put together where this process keeps shares."""
        found = []
        for parameter, held in zip(self.trained, self.parameters, strict=True):
            require(held.grad is not None, "leaves a parameter without gradient")
            assert held.grad is not None
            found.append(_together(self.engine.part(parameter, held.grad)).flatten())
        return torch.cat(found)

    def mean_loss(self) -> Tensor:
        """Computed beside the engine; inside `whole`, for one that keeps shares."""
        terms = self.loss(self.ctx, self.inputs.batch, self.inputs.times)
        mean: Tensor = terms.per_sample.mean()
        return mean

    def step_and_mean(self) -> tuple[Tensor, Tensor]:
        """The loss that `backward` returns, and the one that it should."""
        with self.engine.whole():
            expected = self.mean_loss().detach()
        return self.step(), expected


def _expected(trial: _Trial) -> Tensor:
    with trial.engine.whole():
        own = list(trial.student.parameters())
        return torch.cat([g.flatten() for g in torch.autograd.grad(trial.mean_loss(), own)])


def _together(part: Tensor) -> Tensor:
    return part.full_tensor() if isinstance(part, DTensor) else part


def _require_near(found: Tensor, expected: Tensor, what: str) -> None:
    off = float((found - expected).abs().max() / expected.abs().max())
    require(off < _CLOSE, f"the gradient is not {what}: off by {off:.2g} of its largest")


CHECKS = (
    check_gradient_is_that_of_the_mean_loss,
    check_pieces_add_up,
    check_backward_returns_the_loss,
    check_scale_multiplies_the_gradient_alone,
    check_total_norm_is_that_of_all_gradients,
    check_what_is_saved_is_loaded,
)
