"""The time grid of `secant`, computed from t and s inside of what is recorded."""

from __future__ import annotations

import attrs
from torch import Tensor

from secantfw import GridOptions, Path, step_times
from secantfw_cuda.given import Given


@attrs.frozen(eq=False)
class Grid:
    """N steps on a path. Numbers only: a graph cannot record copies from the host."""

    path: Path
    steps: int
    options: GridOptions

    def times(self, given: Given) -> Tensor:
        """(N + 1, B) float64 from `given.t` to `given.s`."""
        return step_times(self.path, given.t, given.s, self.steps, self.options)
