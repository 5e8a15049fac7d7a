"""Numbered samples: sample k is the same whatever batch, process or machine part draws it.

The network always sees `rows` samples at once, the compute batch: block b is the samples
b rows, ..., (b + 1) rows - 1, whole even where fewer are wanted, because the last bits of a matrix
product depend on its size. Noise, labels and a stochastic solver's draws are functions of the
sample number (the draws of the block), so sample k is a function of (seed, k, rows).
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.records import Cond, DataSpec
from secantfw.interfaces.solver import Field, Solver
from secantfw.runtime.randomness import seed_of
from secantfw.sampling.shard import WHOLE, Shard

#: Noise is drawn for this many sample numbers at a time, whatever the compute batch.
_BLOCK = 64


@attrs.frozen(eq=False)
class Start:
    """Where a block of samples starts: noise (rows, *) at t_max, and labels balanced over classes.

    `numbers` are the samples that are wanted, the block's first; the rows behind them fill it up.
    `seed` is that of a stochastic solver's draws.
    """

    numbers: range
    z: Tensor
    cond: Cond
    seed: int = 0

    def rng(self, solver: Solver) -> torch.Generator | None:
        """What the solver draws from, a function of (seed, block); None if it does not."""
        if not solver.stochastic:
            return None
        seed = seed_of(self.seed, "solver", self.numbers.start)
        return torch.Generator(self.z.device).manual_seed(seed)


def starts(
    spec: DataSpec,
    seed: int,
    count: int,
    rows: int,
    device: torch.device,
    shard: Shard = WHOLE,
) -> Iterator[Start]:
    """The starts of samples 0..count-1 (of those that fall to `shard`), a block at a time.

    Number k has label k mod num_classes.
    """
    for numbers in shard.blocks(count, rows):
        yield start_of(spec, seed, numbers, rows, device)


def start_of(spec: DataSpec, seed: int, numbers: range, rows: int, device: torch.device) -> Start:
    """The start of the block whose first samples are `numbers`."""
    whole = range(numbers.start, numbers.start + rows)
    label = None
    if spec.num_classes:
        label = torch.tensor(whole, device=device) % spec.num_classes
    return Start(numbers, noise(spec, seed, whole).to(device), Cond(label=label), seed)


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
    """The whole block (rows, *) from its start: solve from t_max to t_min in `steps` steps.

    Its first `len(start.numbers)` rows are the samples that are wanted.
    """
    ones = torch.ones(len(start.z), device=start.z.device)
    t, s = ones * field.path.t_max, ones * field.path.t_min
    return solver.solve(field, start.z, t, s, steps, start.cond, start.rng(solver))
