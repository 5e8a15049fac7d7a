"""Secants of the student beside those of its teacher's ODE, at points of the path.

    found f(x_t, t, s)        true (x_s - x_t) / (s - t),   x_s the ODE's solution from x_t

x_t = alpha(t) x_0 + sigma(t) z of training items and fresh noise. With a teacher in closed form
the true secant is exact to the reference solver's precision. A compute batch of points is a block,
which any process may make.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.evaluation.kept_blocks import KeptBlocks
from secantfw.evaluation.share import Share
from secantfw.evaluation.sources import Sources
from secantfw.interfaces.metric import SecantPair
from secantfw.interfaces.records import Batch, Cond
from secantfw.interfaces.tensors import at
from secantfw.runtime.randomness import seed_of
from secantfw.sampling.reference import Reference
from secantfw.sampling.row_guidance import RowGuidance


class OthersHaveTheRest(Exception):
    """Blocks are missing that fall to commands of which this one does not know."""


@attrs.define(eq=False)
class Pairs:
    """A `SecantPairs`: each call takes further items and noise, the same in every evaluation.

    Every process of a group makes the same calls, and is given the whole answer.
    """

    sources: Sources
    under: RowGuidance
    reference: Reference
    kept: KeptBlocks
    share: Share
    series: str
    _blocks: int = attrs.field(default=0, init=False)  # of the calls before

    def __call__(self, t: Tensor, s: Tensor) -> SecantPair:
        """For times t, s (n,): both secants, (n, *) each.

        Raises:
            OthersHaveTheRest: this process makes its share alone (`--shard`), and others' are
                missing.
        """
        rows = self.sources.keys.compute_batch
        times = list(zip(torch.split(t, rows), torch.split(s, rows), strict=True))
        first, self._blocks = self._blocks, self._blocks + len(times)
        numbers = range(first, self._blocks)
        shard = self.share.shard
        with self.share.group.apart():
            for number, pair in zip(numbers, times, strict=True):
                if number % shard.parts == shard.index:
                    self._block(number, *pair)
        alone = not self.share.measures and self.share.group.size == 1
        if alone and any(self.kept.get(self.series, number) is None for number in numbers):
            raise OthersHaveTheRest
        parts = [self._block(n, *pair) for n, pair in zip(numbers, times, strict=True)]
        return SecantPair(
            torch.cat([part["found"] for part in parts]),
            torch.cat([part["true"] for part in parts]),
        )

    def _block(self, number: int, t: Tensor, s: Tensor) -> dict[str, Tensor]:
        block = self.kept.get(self.series, number)
        if block is None or block.keys() != {"found", "true"}:
            block = self._made(number, t, s)
            self.kept.put(self.series, number, block)
        return block

    @torch.inference_mode()
    def _made(self, number: int, t: Tensor, s: Tensor) -> dict[str, Tensor]:
        built, batch = self.sources.built, self._batch(number, len(t))
        t, s = (time.to(built.device, torch.float32) for time in (t, s))
        x_t = built.path.point(batch, t)
        found = self.sources.field("student", self.under).secant(x_t, t, s, batch.cond)
        solver, steps = self.reference.solver, self.reference.steps
        x_s = solver.solve(self.sources.exact(self.under), x_t, t, s, steps, batch.cond)
        return {"found": found.cpu(), "true": ((x_s - x_t) / at(s - t, x_t)).cpu()}

    def _batch(self, number: int, n: int) -> Batch:
        built = self.sources.built
        seed = seed_of(self.sources.keys.seed, "secant_pairs", number)
        rng = torch.Generator().manual_seed(seed)
        index = torch.randint(built.dataset.size("train"), (n,), generator=rng)
        items = built.dataset.items("train", index)
        z = torch.randn(items.x_0.shape, generator=rng).to(built.device)
        cond = Cond(None if items.label is None else items.label.to(built.device))
        return Batch(items.x_0.to(built.device), z, cond, cond, index)
