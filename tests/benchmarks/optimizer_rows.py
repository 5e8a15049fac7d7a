"""P6 and P7: the moving average and the optimiser beside torch's own."""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch
from figures import Figure
from paired_time import paired
from secantfw_parallel.options import NoOptions
from secantfw_parallel.single import SingleEngine
from secantfw_sit.network import SiTNetwork
from secantfw_sit.sizes import Sizes
from torch import nn

from secantfw import DataSpec
from secantfw.experiment.schema import Ema, Train
from secantfw.parallel.engine import EngineSite
from secantfw.parallel.group import ALONE
from secantfw.parallel.pieces import Pieces
from secantfw.training.ema import Average
from secantfw.training.update import Update


def sit(width: int, depth: int) -> nn.Module:
    """A SiT with the tensors and modules of a real one: 128, 4 is what sit_picard.toml trains."""
    torch.manual_seed(0)
    sizes = Sizes(width=width, depth=depth, heads=4, patch=2)
    return SiTNetwork(sizes, DataSpec((1, 16, 16), 10))


@torch.no_grad()
def released_ema(average: nn.Module, student: nn.Module, decay: float) -> None:
    """The loop of SiT's train.py and of the secant release: two dicts, two kernels a tensor."""
    own = OrderedDict(average.named_parameters())
    for name, parameter in OrderedDict(student.named_parameters()).items():
        own[name.replace("module.", "")].mul_(decay).add_(parameter.data, alpha=1 - decay)


def p6() -> list[Figure]:
    """The average of 1.3 M parameters, as small experiments have, and of 39 M."""
    small, large = AverageRace(sit(128, 4)), AverageRace(sit(512, 8))
    against = paired(small.foreach, small.update, 100, repeats=5)
    floor = paired(small.one_tensor, small.update, 60, repeats=3)
    loop = paired(small.update, small.released, 60, repeats=3)
    memory = paired(small.one_tensor, small.released, 60, repeats=3)
    loop_of_large = paired(large.update, large.released, 15)
    said = "the released EMA loop / EMA"
    return [
        Figure("P6", "EMA / torch._foreach_lerp_", against.ratio, "x", 1.05),
        Figure("P6", "EMA / lerp of one tensor of as many numbers", floor.ratio, "x"),
        Figure("P6", f"{said}, 1.3 M parameters", loop.ratio, "x"),
        Figure("P6", f"{said}, 39 M parameters", loop_of_large.ratio, "x", 1.3, ">="),
        Figure("P6", "the released EMA loop / lerp of one tensor, all that this memory allows",
               memory.ratio, "x"),
    ]  # fmt: skip


class AverageRace:
    """One student; its average by us, by torch alone and by the released loop."""

    def __init__(self, student: nn.Module) -> None:
        self.student, self.theirs = student, copy.deepcopy(student)
        self.ours = Average(student, Ema(decay=0.999, warmup=False), 64)
        live = trained(student)
        self.live, self.own = live, [torch.zeros_like(p) for p in live]
        self.all = torch.zeros(sum(p.numel() for p in live))
        self.all_live = torch.zeros_like(self.all)

    @torch.no_grad()
    def update(self) -> None:
        self.ours.update(10)

    @torch.no_grad()
    def foreach(self) -> None:
        torch._foreach_lerp_(self.own, self.live, 0.001)

    @torch.no_grad()
    def one_tensor(self) -> None:
        self.all.lerp_(self.all_live, 0.001)

    def released(self) -> None:
        released_ema(self.theirs, self.student, 0.999)


def p7() -> list[Figure]:
    """The optimiser is torch's fused AdamW; how much faster than its CPU default it is."""
    student = sit(128, 4)
    default = copy.deepcopy(student)
    engine = SingleEngine(NoOptions(), EngineSite(ALONE, Pieces(range(64), 64)))
    options = Train(steps=10, batch_size=64)
    update = Update(student, Average(student, Ema(), 64), options, engine).optimizer
    fused = torch.optim.AdamW(trained(student), weight_decay=0.0, fused=True)
    plain = torch.optim.AdamW(trained(default), weight_decay=0.0)
    for parameter in [*trained(student), *trained(default)]:
        parameter.grad = torch.ones_like(parameter)
    update.step()
    fused.state = update.state  # the same memory, so that nothing but the calls can differ
    same = paired(fused.step, update.step, 60, repeats=3)
    faster = paired(update.step, plain.step, 30)
    said = "torch's default AdamW on a CPU / optimiser, 1.3 M parameters"
    return [
        Figure("P7", "optimiser / torch's fused AdamW", same.ratio, "x", 1.02),
        Figure("P7", said, faster.ratio, "x"),
    ]


def trained(network: nn.Module) -> list[nn.Parameter]:
    return [p for p in network.parameters() if p.requires_grad]
