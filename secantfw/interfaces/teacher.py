"""Teacher: the frozen source of tangents."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from secantfw.interfaces.build_site import BuildSite
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond


class Teacher(abc.ABC):
    """v(x_t, t), the tangent of the probability-flow ODE. Frozen: called under no_grad.

    Built as `Component(options, site)`. Guidance is not the teacher's business: the core wraps it
    and calls it with labels replaced by the null class.
    """

    path: Path

    @abc.abstractmethod
    def velocity(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """v(x, t), (B, *), for x (B, *) and t (B,); uses `cond.label`, ignores `cond.guidance`."""

    @classmethod
    def untrained(cls, options: Any, site: BuildSite) -> Teacher | None:
        """Random weights, as many as `site.weights` says, while the options' files are missing.

        With it `check` and dry runs work without the files. None: there is no such teacher.
        """
        return None

    @abc.abstractmethod
    def to(self, device: torch.device) -> Teacher:
        """This teacher with its weights, if any, on `device`."""

    @abc.abstractmethod
    def weights(self) -> Mapping[str, Tensor] | None:
        """One-time weights for `Backbone.load_tangent`; None for a teacher without a network."""

    @abc.abstractmethod
    def num_parameters(self) -> int:
        """How many numbers are in its network; 0 without one."""
