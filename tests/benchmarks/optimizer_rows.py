"""P6 and P7: the moving average and the optimiser beside torch's own."""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch
from figures import Figure
from paired_time import paired
from torch import nn

from secantfw.experiment.schema import Ema
from secantfw.training.ema import Average


def sit_like(width: int, depth: int) -> nn.Module:
    """As many tensors, of such sizes, as a SiT has."""
    layers = [nn.Linear(width, 4 * width) for _ in range(depth)]
    more = [nn.Linear(4 * width, width) for _ in range(depth)]
    small = [nn.Linear(width, width) for _ in range(4 * depth)]
    return nn.ModuleList([*layers, *more, *small])


@torch.no_grad()
def released_ema(average: nn.Module, student: nn.Module, decay: float) -> None:
    """The loop of SiT's train.py and of the secant release: two dicts, two kernels a tensor."""
    own = OrderedDict(average.named_parameters())
    for name, parameter in OrderedDict(student.named_parameters()).items():
        own[name.replace("module.", "")].mul_(decay).add_(parameter.data, alpha=1 - decay)


def p6() -> list[Figure]:
    """The average of 1.3 M parameters."""
    student = sit_like(128, 6)
    ours = Average(student, Ema(decay=0.999, warmup=False), 64)
    theirs, released = copy.deepcopy(student), copy.deepcopy(student)
    live, own = list(student.parameters()), list(theirs.parameters())

    def foreach() -> None:
        with torch.no_grad():
            torch._foreach_lerp_(own, live, 0.001)

    def update() -> None:
        with torch.no_grad():
            ours.update(10)

    against = paired(foreach, update, 100, repeats=5)
    loop = paired(update, lambda: released_ema(released, student, 0.999), 60, repeats=3)
    return [
        Figure("P6", "EMA / torch._foreach_lerp_", against.ratio, "x", 1.05),
        Figure("P6", "the released EMA loop / EMA, 1.2 M parameters", loop.ratio, "x", 4, ">="),
    ]


def p7() -> list[Figure]:
    """The optimiser is torch's fused AdamW; how much faster than its CPU default it is."""
    from secantfw.experiment.schema import Train
    from secantfw.training.update import Update

    student = sit_like(128, 6)
    update = Update(student, Average(student, Ema(), 64), Train(steps=10, batch_size=64)).optimizer
    other, default = copy.deepcopy(student), copy.deepcopy(student)
    fused = torch.optim.AdamW(other.parameters(), weight_decay=0.0, fused=True)
    plain = torch.optim.AdamW(default.parameters(), weight_decay=0.0)
    for module in (student, other, default):
        for parameter in module.parameters():
            parameter.grad = torch.ones_like(parameter)
    same = paired(fused.step, update.step, 60, repeats=3)
    faster = paired(update.step, plain.step, 30)
    return [
        Figure("P7", "optimiser / torch's fused AdamW", same.ratio, "x", 1.02),
        Figure("P7", "torch's default AdamW on a CPU / optimiser", faster.ratio, "x", 3, ">="),
    ]
