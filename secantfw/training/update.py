"""One optimiser step: backward, norm, clipping, AdamW, EMA, and a flag for non-finite numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from secantfw.experiment.schema import Train
from secantfw.interfaces.backbone import Backbone
from secantfw.parallel.engine import Engine
from secantfw.parallel.gradients import clip
from secantfw.training.ema import Average
from secantfw.training.loss_scale import LossScale
from secantfw.training.optimizer import initial_state, learning_rate, make_optimizer


class Update:
    """`__call__(step, loss)` changes the student and its average; nothing waits for the device.

    A non-finite loss or gradient norm sets `found_inf`, by which fused AdamW leaves parameters and
    step counts as they are. Up to `skip_nonfinite` such steps in a row are skipped; from the next
    one on every step is, until the observer sees the numbers at a log line and stops the run: so
    the parameters then are those that gave the first fatal number. `_room` says how many more may
    be skipped, plus one; 0 for good once too many were, since loss + norm / 0 is not finite.

    Under fp16 gradients come multiplied by a `LossScale`. A step whose scaled gradient overflowed
    changes nothing but the scale, and does not count.
    """

    def __init__(
        self, student: Backbone, average: Average, options: Train, engine: Engine
    ) -> None:
        self.options, self.average = options, average
        self.engine = engine
        device = next(student.parameters()).device
        self._full = torch.full((), options.skip_nonfinite + 1.0, device=device)
        self._room = self._full.clone()
        self.scale = LossScale(device) if options.precision == "fp16" else None
        self.engine.scale = None if self.scale is None else self.scale.value
        #: What a log says of a step beside its loss and norm, 0-dim.
        self.logged: Mapping[str, Tensor] = {}
        self._trained = {n: p for n, p in student.named_parameters() if p.requires_grad}
        self.named = {n: engine.local(p) for n, p in self._trained.items()}
        self.parameters = list(self.named.values())
        self.optimizer = make_optimizer(self.parameters, options)

    def learning_rate(self, step: int) -> float:
        """That of the update at `step`."""
        return learning_rate(self.options, step)

    def __call__(self, step: int, loss: Tensor) -> Tensor:
        """Update at `step`; returns the gradient norm before clipping, a 0-dim tensor."""
        loss = self.engine.backward(loss)
        with torch.no_grad():
            gradients = [p.grad for p in self.parameters if p.grad is not None]
            norm = self.engine.total_norm(gradients)
            if self.scale is not None:
                norm = norm / self.scale.value
                self.optimizer.grad_scale = self.scale.value  # type: ignore[attr-defined]
            if self.options.clip_norm is not None:
                clip(gradients, norm, self.options.clip_norm)
            finite = torch.isfinite(torch.addcdiv(loss, norm, self._room)).float()
            self.optimizer.found_inf = 1.0 - finite  # type: ignore[attr-defined]
            self.optimizer.param_groups[0]["lr"] = self.learning_rate(step)
            self.optimizer.step()
            for parameter in self.parameters:
                parameter.grad = None
            self._count(step, loss, norm, finite)
        return norm

    def _count(self, step: int, loss: Tensor, norm: Tensor, finite: Tensor) -> None:
        """Average what was updated, and count what was not."""
        if not self.options.skip_nonfinite and self.scale is None:
            # A step that is not finite is the last: the average after it is never saved.
            self._room = finite
            self.average.update(step)
            return
        room = (self._room - 1.0).clamp_(min=0.0).lerp_(self._full, finite)
        if self.scale is not None:
            overflow = self.scale.overflowed(loss, norm)
            room = torch.where(overflow, self._room, room)
            self.logged = {"loss_scale": self.scale.value.clone()}
            self.scale.update(overflow)
        self._room = room
        self.average.update_where(step, finite)

    def skipped_in_a_row(self, steps: int) -> None:
        """Continue after `steps` skipped steps."""
        self._room = (self._full - steps).clamp_(min=0.0)

    def state(self) -> dict[str, Tensor]:
        """The state by parameter name: `NAME/exp_avg`, `NAME/exp_avg_sq`, `NAME/step`; of an
        engine that keeps shares their parts."""
        return {
            f"{name}/{key}": self.engine.part(self._trained[name], value)
            for name, parameter in self.named.items()
            for key, value in self.optimizer.state.get(parameter, {}).items()
        }

    def make_state(self, keys: Iterable[str]) -> None:
        """The optimiser's state at its start, of the parameters with an entry among `keys`."""
        known = {key.rpartition("/")[0] for key in keys}
        for name, parameter in self.named.items():
            if name in known:
                self.optimizer.state[parameter] = initial_state(parameter)
