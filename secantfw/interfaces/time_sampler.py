"""TimeSampler: the law of the times a loss is trained on."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Times, TimesNeed
from secantfw.interfaces.segments import TIME_TOLERANCE


class TimeSampler(abc.ABC):
    """Draws t, s and what else a loss needs. Built as `Component(options)`."""

    #: "bidirectional" if the law also has s > t; "every_time" if t has a density on the path's
    #: whole range, not only on a grid; "mid" and "tangent_rows" if it gives those times.
    provides: ClassVar[frozenset[str]] = frozenset()

    @abc.abstractmethod
    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """Times for n rows on rng's device, float32, inside [path.t_min, path.t_max].

        Draw t and s, then let `secantfw.complete_times` add what `need` asks for.

        Args:
            n: rows.
            need: which times the loss asks for.
            path: whose time range holds.
            rng: the only source of randomness.
            progress: share of the run done, in [0, 1), for laws that change as it goes.
        """

    def capabilities(self) -> frozenset[str]:
        """What this instance provides; by default the class's `provides`."""
        return self.provides

    def trained_steps(self) -> int | None:
        """The number of equal shares, N, of the path that a student learns to step over: sampling
        takes N steps unless told otherwise. None, the default: no number above others.
        """
        return None

    def practises(self, t: Tensor, s: Tensor, path: Path) -> Tensor:
        """Whether the law has secants from t to s, (n,) bool from two of (n,).

        Sampling with others is warned of, and marked in tables. By default those that are no
        longer than the N-th part of the path, or all if `trained_steps()` is None.
        """
        steps = self.trained_steps()
        if steps is None:
            return torch.ones_like(t, dtype=torch.bool)
        longest = (path.t_max - path.t_min) / steps
        return (t - s).abs() <= longest + TIME_TOLERANCE

    def state_dict(self) -> Mapping[str, Any]:
        """State beyond the options, as JSON values; most laws have none."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict` gave."""
        assert not state, f"{type(self).__name__} has no state, and was given some"
