"""One optimiser step: backward, norm, clipping, AdamW, EMA, and a flag for non-finite numbers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from secantfw.experiment.schema import Train
from secantfw.interfaces.backbone import Backbone
from secantfw.training.ema import Average


class Update:
    """`__call__(step, loss)` changes the student and its average; nothing waits for the device.

    A non-finite loss or gradient norm sets `found_inf`, by which fused AdamW leaves parameters and
    step counts as they are; the observer sees the numbers at the next log line and stops the run.
    """

    def __init__(self, student: Backbone, average: Average, options: Train) -> None:
        self.options, self.average = options, average
        self.named = [(n, p) for n, p in student.named_parameters() if p.requires_grad]
        self.parameters = [p for _, p in self.named]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
            fused=True,
        )

    def learning_rate(self, step: int) -> float:
        """Linear warm-up over `warmup_steps`, then constant or cosine to `final_learning_rate`."""
        o = self.options
        if step < o.warmup_steps:
            return o.learning_rate * (step + 1) / o.warmup_steps
        if o.schedule == "constant":
            return o.learning_rate
        done = (step - o.warmup_steps) / max(1, o.steps - o.warmup_steps)
        swing = 0.5 * (1 + math.cos(math.pi * done))
        return o.final_learning_rate + (o.learning_rate - o.final_learning_rate) * swing

    def __call__(self, step: int, loss: Tensor) -> Tensor:
        """Update at `step`; returns the gradient norm before clipping, a 0-dim tensor."""
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            gradients = [p.grad for p in self.parameters if p.grad is not None]
            norm = torch.nn.utils.get_total_norm(gradients, foreach=True)
            if self.options.clip_norm is not None:
                torch.nn.utils.clip_grads_with_norm_(
                    self.parameters, self.options.clip_norm, norm, foreach=True
                )
            bad = torch.isfinite(loss + norm).logical_not_().float()
            self.optimizer.found_inf = bad  # type: ignore[attr-defined]
            self.optimizer.param_groups[0]["lr"] = self.learning_rate(step)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.average.update(step)
        return norm

    def state(self) -> dict[str, Tensor]:
        """The state by parameter name: `NAME/exp_avg`, `NAME/exp_avg_sq`, `NAME/step`."""
        return {
            f"{name}/{key}": value
            for name, parameter in self.named
            for key, value in self.optimizer.state.get(parameter, {}).items()
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` gave; moments go to the parameters' device."""
        for name, parameter in self.named:
            prefix = f"{name}/"
            own = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
            self.optimizer.state[parameter] = {
                k: v.to(parameter.device, copy=True) for k, v in own.items()
            }
