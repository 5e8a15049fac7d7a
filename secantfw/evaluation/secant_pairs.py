"""Secants of the student beside those of its teacher's ODE, at points of the path.

    found f(x_t, t, s)        true (x_s - x_t) / (s - t),   x_s the ODE's solution from x_t

x_t = alpha(t) x_0 + sigma(t) z of training items and fresh noise. With a teacher in closed form
the true secant is exact to the reference solver's precision.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.evaluation.reference import Reference
from secantfw.evaluation.sources import Sources
from secantfw.interfaces.metric import SecantPair
from secantfw.interfaces.records import Batch, Cond
from secantfw.interfaces.solver import Field
from secantfw.interfaces.tensors import at
from secantfw.training.randomness import seed_of


class Pairs:
    """A `SecantPairs`: each call takes further items and noise, the same in every evaluation."""

    def __init__(
        self, sources: Sources, student: Field, teacher: Field, reference: Reference
    ) -> None:
        self._built, self._keys = sources.built, sources.keys
        self._student, self._teacher = student, teacher
        self._reference = reference
        self._calls = 0

    @torch.inference_mode()
    def __call__(self, t: Tensor, s: Tensor) -> SecantPair:
        """For times t, s (n,): both secants, (n, *) each, a compute batch at a time."""
        rows = self._keys.compute_batch
        times = zip(torch.split(t, rows), torch.split(s, rows), strict=True)
        parts = [self._block(*pair) for pair in times]
        return SecantPair(
            torch.cat([part.found for part in parts]), torch.cat([part.true for part in parts])
        )

    def _block(self, t: Tensor, s: Tensor) -> SecantPair:
        batch = self._batch(len(t))
        t, s = (time.to(self._built.device, torch.float32) for time in (t, s))
        x_t = self._built.path.point(batch, t)
        found = self._student.secant(x_t, t, s, batch.cond)
        solver, steps = self._reference.solver, self._reference.steps
        x_s = solver.solve(self._teacher, x_t, t, s, steps, batch.cond)
        return SecantPair(found, (x_s - x_t) / at(s - t, x_t))

    def _batch(self, n: int) -> Batch:
        built = self._built
        seed = seed_of(self._keys.seed, "secant_pairs", self._calls)
        self._calls += 1
        rng = torch.Generator().manual_seed(seed)
        index = torch.randint(built.dataset.size("train"), (n,), generator=rng)
        items = built.dataset.items("train", index)
        z = torch.randn(items.x_0.shape, generator=rng).to(built.device)
        cond = Cond(None if items.label is None else items.label.to(built.device))
        return Batch(items.x_0.to(built.device), z, cond, cond, index)
