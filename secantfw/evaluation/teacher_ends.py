"""Ends of the teacher's ODE from the noise of each sample, kept by the block: rows share them."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import torch
from torch import Tensor

from secantfw.evaluation.kept_blocks import KeptBlocks
from secantfw.evaluation.sample_blocks import compute_blocks
from secantfw.evaluation.sources import Sources
from secantfw.sampling.draw import draw
from secantfw.sampling.reference import Reference
from secantfw.sampling.row_guidance import RowGuidance


@attrs.define
class TeacherEnds:
    """By the reference solver, in float32; `note` says which, once for each guidance."""

    sources: Sources
    kept: KeptBlocks
    note: Callable[[str], None]
    _said: set[RowGuidance] = attrs.field(factory=set, init=False)

    def block(self, seed: int, under: RowGuidance, numbers: range) -> Tensor:
        """Where the samples `numbers` of a seed end, (n, *) on the CPU."""
        series = f"ends, w {under.scale:g}, seed {seed}"
        found = self.kept.get(series, numbers.start)
        if found is None or "ends" not in found:
            found = {"ends": self._solved(seed, under, numbers)}
            self.kept.put(series, numbers.start, found)
        return found["ends"]

    def reference(self, under: RowGuidance) -> Reference:
        """Chosen, and said."""
        reference = self.sources.reference(under)
        if under in self._said:
            return reference
        self._said.add(under)
        self.note(f"reference: {self.sources.truth_found([under])}")
        if reference.error is not None and not reference.reached:
            self.note(
                f"warning: the reference solution has an error of {reference.error:.1e}, above "
                f"evaluate.reference_tolerance = {reference.tolerance:g}; no more than "
                f"{reference.steps} steps were tried"
            )
        return reference

    def _solved(self, seed: int, under: RowGuidance, numbers: range) -> Tensor:
        reference, field = self.reference(under), self.sources.exact(under)
        parts = [
            draw(field, reference.solver, self.sources.start(seed, part), reference.steps).cpu()[
                : len(part)
            ]
            for part in compute_blocks(self.sources.keys, numbers)
        ]
        return torch.cat(parts)
