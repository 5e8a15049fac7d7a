"""What a search for strong baselines finds, as records. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from secantfw.experiment.experiment import Chosen
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.sampling.solver_text import solver_text


@attrs.frozen
class Candidate:
    """A way to sample the teacher: a solver with its grid, under guidance, in `steps` steps."""

    solver: Chosen
    steps: int
    nfe: int
    guidance: RowGuidance

    def __str__(self) -> str:
        """`midpoint logit_normal (mean -0.1, std 1) w=2 t<=0.5, 4 NFE`."""
        name = f"{self.solver.component.name} {solver_text(self.solver.options)}".rstrip()
        return f"{name} {self.guidance}".rstrip() + f", {self.nfe} NFE"


@attrs.frozen
class Finalist:
    """One of the best candidates in the metric `objective`, with its value of `samples` samples.

    Of a metric that compares with the teacher's trajectories it is the best under its guidance,
    since every guidance has trajectories of its own.
    """

    objective: str  # the metric's key
    candidate: Candidate
    samples: int
    score: float


@attrs.frozen
class CeilingValues:
    """What the teacher reaches in many steps, by the metrics' keys: means over the seeds."""

    candidate: Candidate
    samples: int
    seeds: int
    values: Mapping[str, float]

    @property
    def name(self) -> str:
        """`midpoint, 100 steps w=2 t<=0.5`."""
        c = self.candidate
        return f"{c.solver.component.name}, {c.steps} steps {c.guidance}".rstrip()


@attrs.frozen
class TeacherIdentity:
    """Which teacher it is: the fingerprint, and what is known of it without hashing weights."""

    fingerprint: str  # SHA-256, hexadecimal
    component: str
    parameters: int

    @property
    def short(self) -> str:
        return self.fingerprint[:16]


@attrs.frozen
class SearchSettings:
    """How the numbers were measured; nothing here decides whether a file fits."""

    secantfw: str
    torch: str
    device: str
    seed: int
    compute_batch: int
    rungs: tuple[int, ...]
    guidance: RowGuidance  # the experiment's own


@attrs.frozen
class Baselines:
    """The content of a baselines file."""

    teacher: TeacherIdentity
    settings: SearchSettings
    #: The protocol of each metric, by its key; only non-empty fields.
    protocols: Mapping[str, Mapping[str, str]]
    #: By NFE, the best first in each objective.
    finalists: Mapping[int, tuple[Finalist, ...]]
    ceilings: tuple[CeilingValues, ...] = ()
    #: Candidates that failed, each with the reason.
    dropped: tuple[str, ...] = ()

    def at(self, nfe: int) -> tuple[Finalist, ...]:
        """The finalists of the largest NFE searched that is at most `nfe`."""
        most = max((n for n in self.finalists if n <= nfe), default=0)
        return self.finalists.get(most, ())
