"""NetworkContext: a loss's context with three small networks that differ, every call recorded."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import attrs
import torch
from torch import Tensor, nn

from secantfw.errors import UserError
from secantfw.interfaces.loss import Context, Derivative, DerivativeMethod, Point, SecantCall
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Batch, Cond, Times, TimesNeed
from secantfw.sampling.derivative import derivative
from secantfw.testing.reference_times import ReferenceTimes

ROWS, DIMENSION, CLASSES = 16, 3, 4
_WIDTH = 12


class SmallNetwork(nn.Module):
    """G tanh(A [x, t, s, w] + E[label]), of weights that are a function of the seed."""

    A: Tensor
    E: Tensor
    G: Tensor

    def __init__(self, seed: int, dtype: torch.dtype) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        shapes = {
            "A": (DIMENSION + 3, _WIDTH), "E": (CLASSES + 1, _WIDTH), "G": (_WIDTH, DIMENSION),
        }  # fmt: skip
        for name, shape in shapes.items():
            value = torch.randn(shape, generator=rng).to(dtype)
            self.register_parameter(name, nn.Parameter(value))

    def forward(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        dtype = self.A.dtype
        w = torch.zeros_like(t) if cond.guidance is None else cond.guidance
        columns = [value.to(dtype)[:, None] for value in (t, s, w)]
        h = torch.cat((x, *columns), 1) @ self.A
        if cond.label is not None:
            h = h + self.E[cond.label]
        return h.tanh() @ self.G


@attrs.frozen(eq=False)
class NetworkCall:
    """One evaluation, with what came out of it."""

    network: Literal["student", "target", "teacher"]
    t: Tensor
    s: Tensor
    cond: Cond
    output: Tensor


class NetworkContext(Context):
    """As in a run: no gradient through target and teacher, and through a student that is not
    asked for one."""

    progress = 0.5

    def __init__(self, path: Path, dtype: torch.dtype = torch.float64) -> None:
        self.path = path
        self.live, self.ema, self.frozen = (SmallNetwork(seed, dtype) for seed in (1, 2, 3))
        self.calls: list[NetworkCall] = []
        self.used_jvp = False  # exactly, not by differences

    def uncounted(self) -> AbstractContextManager[None]:
        """Nothing is counted here."""
        return nullcontext()

    def student(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False
    ) -> Tensor:
        with torch.set_grad_enabled(grad):
            out = self.live(x, t, s, cond)
        return self._record("student", t, s, cond, out)

    @torch.no_grad()
    def target(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False) -> Tensor:
        if grad:
            raise UserError("asks ctx.target for a gradient; it is the EMA copy and has none")
        return self._record("target", t, s, cond, self.ema(x, t, s, cond))

    @torch.no_grad()
    def teacher(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return self._record("teacher", t, t, cond, self.frozen(x, t, t, cond))

    @torch.no_grad()
    def guided_tangent(self, network: SecantCall, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """f_null + w (f_label - f_null), both told scale 1; f_label without guidance."""
        if cond.guidance is None or cond.label is None:
            return network(x, t, t, cond)
        told = torch.ones_like(cond.guidance)
        null_label = torch.full_like(cond.label, CLASSES)
        labelled = network(x, t, t, Cond(cond.label, told, cond.augment))
        null = network(x, t, t, Cond(null_label, told, cond.augment))
        return torch.lerp(null, labelled, cond.guidance[:, None].to(x.dtype))

    def jvp(
        self,
        network: SecantCall,
        at: Point,
        direction: Point,
        cond: Cond,
        *,
        method: DerivativeMethod = "exact",
        grad: bool = False,
    ) -> Derivative:
        """As in a run; recorded as one evaluation at the point itself."""
        own = self.live if network == self.student else self.ema
        self.used_jvp = self.used_jvp or method == "exact"

        def bare(x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False) -> Tensor:
            with torch.set_grad_enabled(grad):
                return own(x, t, s, cond)  # type: ignore[no-any-return]

        found = derivative(bare, at, direction, cond, method=method, grad=grad)
        self._record("student" if own is self.live else "target", at.t, at.s, cond, found.value)
        return found

    @torch.no_grad()
    def solve_teacher(self, x: Tensor, t: Tensor, s: Tensor, steps: int, cond: Cond) -> Tensor:
        """Euler's method, whatever solver an experiment would use."""
        for i in range(steps):
            u = torch.lerp(t, s, i / steps)
            x = x + ((s - t) / steps)[:, None].to(x.dtype) * self.teacher(x, u, cond)
        return x

    def fork_rng(self, name: str) -> torch.Generator:
        return torch.Generator().manual_seed(sum(name.encode()))

    def _record(
        self,
        network: Literal["student", "target", "teacher"],
        t: Tensor,
        s: Tensor,
        cond: Cond,
        output: Tensor,
    ) -> Tensor:
        if output.requires_grad:
            output.retain_grad()
        self.calls.append(NetworkCall(network, t, s, cond, output))
        return output


@attrs.frozen(eq=False)
class LossInputs:
    """A batch with labels (some dropped), scales and augmentation, and times that serve."""

    batch: Batch
    times: Times


def loss_inputs(
    need: TimesNeed,
    path: Path,
    bidirectional: bool,
    *,
    guidance: bool,
    dtype: torch.dtype = torch.float64,
) -> LossInputs:
    """Inputs in which everything that could be mixed up differs; the same every time."""
    rng = torch.Generator().manual_seed(9)
    x_0, z = torch.randn((2, ROWS, DIMENSION), generator=rng, dtype=torch.float64).to(dtype)
    label = torch.arange(ROWS) % CLASSES
    dropped = label.clone()
    dropped[::3] = CLASSES  # the null class
    augment = torch.randn((ROWS, 2), generator=rng, dtype=torch.float64).to(dtype)
    cond = cond_data = Cond(dropped, augment=augment)
    if guidance:
        scale = torch.linspace(1.1, 2.0, ROWS).to(dtype)
        cond = Cond(label, scale, augment)
        cond_data = Cond(dropped, torch.ones_like(scale), augment)
    times = ReferenceTimes(bidirectional).sample(ROWS, need, path, rng, 0.5)
    return LossInputs(Batch(x_0, z, cond, cond_data, torch.arange(ROWS)), times)
