"""Candidates at one NFE: solvers with their grids, under guidance, each method once.

Two candidates are one where they take the same steps: one step of any grid, two of a logit-normal
grid whatever its std, a guidance interval that no time falls between. Whether they do is seen from
where each leads on a made-up ODE, which costs nothing beside a network.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import attrs
import torch
from torch import Tensor

from secantfw.assembly.build import Built, build
from secantfw.assembly.planned_rows import nfe_counter
from secantfw.baselines.records import Candidate
from secantfw.experiment.experiment import Chosen
from secantfw.experiment.schema import Guidance
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Solver
from secantfw.sampling.field import CountedField, TwoCalls
from secantfw.sampling.row_guidance import RowGuidance, student_guidances

#: Where a method leads on the made-up ODE.
Ends: TypeAlias = tuple[float, ...]
#: Decimals to which ends of the made-up ODE agree where two methods are one.
_DECIMALS = 4

#: Scales and intervals that are tried where the data have classes.
_SCALES = (1.25, 1.5, 2.0, 3.0)
_INTERVALS = ((0.0, 1.0), (0.0, 0.3), (0.0, 0.5), (0.0, 0.7), (0.2, 0.5))


def tried_guidances() -> list[RowGuidance]:
    """They are 20, beside none and the experiment's own."""
    return [RowGuidance(w, interval) for w, interval in itertools.product(_SCALES, _INTERVALS)]


def own_guidances(built: Built) -> list[RowGuidance]:
    """None, and that of the experiment: the student's trajectories may be compared under both."""
    own = [under for under in student_guidances(built.experiment) if under.scale != 1.0]
    return [RowGuidance(), *own] if built.dataset.spec.num_classes else [RowGuidance()]


@attrs.define
class Candidates:
    """Makes the candidates of `nfe`; remembers the methods that it has made."""

    built: Built
    nfe: int
    _seen: set[tuple[Ends, RowGuidance | None]] = attrs.field(factory=set, init=False)

    def of(
        self,
        solvers: Iterable[Chosen],
        guidances: Sequence[RowGuidance],
        *,
        compared: bool = False,
    ) -> list[Candidate]:
        """Those that are new, each with its largest grid of at most the NFE.

        Where samples are `compared` with the trajectories of each guidance, methods are new under
        each, even if no time of a grid lies in its interval.
        """
        found = (
            self._candidate(chosen, under, compared) for under in guidances for chosen in solvers
        )
        return [candidate for candidate in found if candidate is not None]

    def _candidate(self, chosen: Chosen, under: RowGuidance, compared: bool) -> Candidate | None:
        solver: Solver = build(chosen)  # type: ignore[assignment]
        guidance = under.applied_to(self.built.experiment.guidance)
        counter = nfe_counter(self.built, "teacher", under)
        try:
            steps = counter.steps_within(solver, self.nfe)
            if not steps:
                return None
            ends = self._ends(solver, steps, guidance)
            nfe = counter.nfe(solver, steps)
        except Exception:  # it fails on the teacher too, where that is recorded
            return Candidate(chosen, solver.steps_within(self.nfe), self.nfe, under)
        key = (ends, under if compared else None)
        if key in self._seen:
            return None
        self._seen |= {key, (ends, None)}
        return Candidate(chosen, steps, nfe, under)

    def _ends(self, solver: Solver, steps: int, guidance: Guidance) -> Ends:
        """Where the method leads on the made-up ODE."""
        path = self.built.path
        null = self.built.dataset.spec.num_classes
        two = TwoCalls(_made_up, guidance, null) if null and guidance.scale != 1.0 else None
        field = CountedField(path, _made_up, False, two)
        x = torch.linspace(-1.5, 1.5, 8).unsqueeze(0)
        t, s = torch.full((1,), path.t_max), torch.full((1,), path.t_min)
        cond = Cond(torch.zeros(1, dtype=torch.int64) if null else None)
        with torch.inference_mode():
            end = solver.solve(field, x, t, s, steps, cond)
        return tuple(round(value, _DECIMALS) for value in end.flatten().tolist())


def _made_up(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
    """v = sin(2x + 5t) + (label + 1) cos(x - 3t) / 4: bends in x and t, and minds the label."""
    time = t.unsqueeze(1)
    weight = 0.25 if cond.label is None else (cond.label.to(x.dtype) + 1).unsqueeze(1) / 4
    return torch.sin(2 * x + 5 * time) + weight * torch.cos(x - 3 * time)
