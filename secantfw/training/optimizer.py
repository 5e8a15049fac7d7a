"""The optimiser: where it is made, what its state is called, the rate it is given at each step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from secantfw.experiment.schema import Train


def make_optimizer(parameters: Sequence[nn.Parameter], options: Train) -> torch.optim.Optimizer:
    """AdamW (arXiv:1711.05101), fused: it reads `found_inf` and `grad_scale` on the device."""
    return torch.optim.AdamW(
        parameters,
        lr=options.learning_rate,
        betas=options.betas,
        weight_decay=options.weight_decay,
        fused=True,
    )


def initial_state(parameter: nn.Parameter) -> dict[str, Tensor]:
    """Of a parameter before its first step, by the names that a checkpoint keeps."""
    return {
        "step": torch.zeros((), device=parameter.device),
        "exp_avg": torch.zeros_like(parameter),
        "exp_avg_sq": torch.zeros_like(parameter),
    }


def learning_rate(options: Train, step: int) -> float:
    """Linear warm-up over `warmup_steps`, then constant or cosine to `final_learning_rate`."""
    o = options
    if step < o.warmup_steps:
        return o.learning_rate * (step + 1) / o.warmup_steps
    if o.schedule == "constant":
        return o.learning_rate
    done = (step - o.warmup_steps) / max(1, o.steps - o.warmup_steps)
    swing = 0.5 * (1 + math.cos(math.pi * done))
    return o.final_learning_rate + (o.learning_rate - o.final_learning_rate) * swing
