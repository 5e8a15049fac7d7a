"""Three small random networks in a context that counts what it is asked by hooks on them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from secantfw import Batch, Cond, Context, Path, Times

ROWS, DIMENSION, CLASSES = 5, 2, 4


class Net(nn.Module):
    """tanh(x A + t b + s c + E[label] + w d) G; float64."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        shapes = {
            "A": (DIMENSION, 6), "b": (6,), "c": (6,), "E": (CLASSES + 1, 6), "d": (6,),
            "G": (6, DIMENSION),
        }  # fmt: skip
        for name, shape in shapes.items():
            value = torch.randn(shape, generator=rng, dtype=torch.float64)
            self.register_parameter(name, nn.Parameter(value))
        self.rows = {True: 0, False: 0}  # by whether a graph was built
        self.register_forward_hook(self._count)

    def forward(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        h = x @ self.A + t[:, None] * self.b + s[:, None] * self.c
        if cond.label is not None:
            h = h + self.E[cond.label]
        if cond.guidance is not None:
            h = h + cond.guidance[:, None] * self.d
        return h.tanh() @ self.G

    def _count(self, _module: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
        self.rows[torch.is_grad_enabled()] += len(inputs[0])


class NetContext(Context):
    """student, EMA and teacher are three networks of different weights."""

    progress = 0.5

    def __init__(self, path: Path) -> None:
        self.path = path
        self.live, self.ema, self.master = Net(1), Net(2), Net(3)

    def student(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False
    ) -> Tensor:
        with torch.set_grad_enabled(grad):
            return self.live(x, t, s, cond)

    @torch.no_grad()
    def target(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False) -> Tensor:
        return self.ema(x, t, s, cond)

    @torch.no_grad()
    def teacher(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return self.master(x, t, t, cond)

    def guided_tangent(self, network, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return network(x, t, t, cond)

    def jvp(self, network, at, direction, cond, *, method="exact", grad=False):
        raise NotImplementedError

    def solve_teacher(self, x: Tensor, t: Tensor, s: Tensor, steps: int, cond: Cond) -> Tensor:
        """Euler's method."""
        for i in range(steps):
            u = torch.lerp(t, s, i / steps)
            x = x + ((s - t) / steps)[:, None] * self.teacher(x, u, cond)
        return x

    def fork_rng(self, name: str) -> torch.Generator:
        raise NotImplementedError


def inputs(draws: int, guidance: bool) -> tuple[Batch, Times]:
    """Fixed inputs in which everything that could be mixed up differs."""
    rng = torch.Generator().manual_seed(9)
    x_0, z = torch.randn((2, ROWS, DIMENSION), generator=rng, dtype=torch.float64)
    t, s, tau, w = torch.rand((4, ROWS), generator=rng, dtype=torch.float64)
    share, weight = torch.rand((2, ROWS, draws), generator=rng, dtype=torch.float64)
    label = torch.tensor([0, 1, 2, 3, 0])
    dropped = torch.tensor([4, 1, 4, 3, 4])  # 4 is the null class
    batch = Batch(
        x_0,
        z,
        cond=Cond(label, 1 + w) if guidance else Cond(label),
        cond_data=Cond(dropped, torch.ones_like(w)) if guidance else Cond(dropped),
        index=torch.arange(ROWS),
    )
    r = torch.lerp(t[:, None], s[:, None], share)
    return batch, Times(t, s, r, weight / weight.sum(1, keepdim=True), tau=tau)
