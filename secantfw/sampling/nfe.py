"""True NFE of a solve before it is made: rows through the network per sample.

A solver says how often it calls its field. Where guidance takes two rows a call, and in a guidance
interval only at some of the times, the NFE follows from a dry solve of a field of zeros.
"""

from __future__ import annotations

import attrs
import torch

from secantfw.experiment.schema import Guidance
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import DataSpec
from secantfw.interfaces.solver import Solver
from secantfw.sampling.dry_solve import dry_solve
from secantfw.sampling.field import counting_field


@attrs.frozen(eq=False)
class NFECounter:
    """Counts for one kind of data, path and guidance; `told`: the network knows its scale."""

    spec: DataSpec
    path: Path
    guidance: Guidance
    told: bool
    device: torch.device

    def nfe(self, solver: Solver, steps: int) -> int:
        """NFE of `steps` steps; the least there can be for an adaptive solver."""
        unguided = self.guidance.scale == 1.0 or not self.spec.num_classes
        if self.told or unguided or solver.adaptive:
            return solver.evaluations(steps)
        return self._dry(solver, steps)

    def steps_within(self, solver: Solver, nfe: int) -> int:
        """The most steps of at most `nfe`; 0 if not even one fits.

        Guidance at most doubles the calls, so that only a few numbers of steps are tried.
        """
        steps = solver.steps_within(nfe)
        while steps and self.nfe(solver, steps) > nfe:
            steps -= 1
        return steps

    def _dry(self, solver: Solver, steps: int) -> int:
        field = counting_field(self.path, self.guidance, self.spec.num_classes)
        dry_solve(field, solver, steps, self.spec, self.device.type)
        return field.nfe
