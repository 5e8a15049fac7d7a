"""Numbered samples: sample k is the same whatever the batch it is drawn in."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.records import Cond, DataSpec
from secantfw.interfaces.solver import Field, Solver
from secantfw.training.randomness import seed_of

#: Noise is drawn for this many sample numbers at a time, whatever the batch size.
_BLOCK = 64


@attrs.frozen(eq=False)
class Start:
    """Where `n` samples start: noise (n, *) at t_max, and their labels (balanced over classes).

    `seed` is that of a stochastic solver's draws.
    """

    numbers: range
    z: Tensor
    cond: Cond
    seed: int = 0

    def rng(self, solver: Solver) -> torch.Generator | None:
        """What the solver draws from, a function of (seed, first number); None if it does not."""
        if not solver.stochastic:
            return None
        seed = seed_of(self.seed, "solver", self.numbers.start)
        return torch.Generator(self.z.device).manual_seed(seed)


def starts(
    spec: DataSpec, seed: int, count: int, batch_size: int, device: torch.device
) -> Iterator[Start]:
    """The starts of samples 0..count-1 in batches; number k has label k mod num_classes."""
    for first in range(0, count, batch_size):
        numbers = range(first, min(first + batch_size, count))
        label = None
        if spec.num_classes:
            label = torch.tensor(numbers, device=device) % spec.num_classes
        yield Start(numbers, noise(spec, seed, numbers).to(device), Cond(label=label), seed)


def noise(spec: DataSpec, seed: int, numbers: range) -> Tensor:
    """Standard normal noise (n, *) of the samples `numbers`, drawn on the CPU in fixed blocks."""
    first, last = numbers.start // _BLOCK, (numbers.stop - 1) // _BLOCK
    blocks = []
    for block in range(first, last + 1):
        rng = torch.Generator().manual_seed(seed_of(seed, "sample", block))
        blocks.append(torch.randn((_BLOCK, *spec.shape), generator=rng))
    return torch.cat(blocks)[numbers.start - first * _BLOCK :][: len(numbers)]


@torch.inference_mode()
def draw(field: Field, solver: Solver, start: Start, steps: int) -> Tensor:
    """Samples (n, *) from their starts: solve from t_max to t_min in `steps` steps.

    Under a stochastic solver a sample depends on the batch it is drawn in, too.
    """
    ones = torch.ones(len(start.numbers), device=start.z.device)
    t, s = ones * field.path.t_max, ones * field.path.t_min
    return solver.solve(field, start.z, t, s, steps, start.cond, start.rng(solver))
