"""Backbone: the student, one network with two times."""

from __future__ import annotations

import abc
from collections.abc import Mapping

from torch import Tensor, nn

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond, LoadReport


class Backbone(nn.Module, abc.ABC):
    """f(x_t, t, s): the average of the tangents between t and s, so x_s = x_t + (s - t) f.

    At s = t it is the tangent v(x_t, t). Built as `Component(options, site)` with the component's
    attrs options and a `BuildSite`. Parameters are created on torch's default device and dtype, so
    that `with torch.device("meta")` builds without memory.
    """

    path: Path
    #: What the network can do beyond s < t: "bidirectional" (s > t too), "guidance" (it embeds
    #: `cond.guidance`), "jvp" (forward-mode AD runs through it). May depend on the options.
    supports: frozenset[str] = frozenset()
    #: How far f(x, t, t) may be from the teacher's v(x, t) right after `load_tangent`, as a share
    #: of max |v|, in float32 and eval mode: 0 is bit for bit, which every run checks before its
    #: first step. A backbone whose tangent is computed in another order says how much that rounds;
    #: one whose f(x, t, t) means something else says None, and nothing is checked.
    start_tolerance: float | None = 0.0

    @abc.abstractmethod
    def forward(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        """The secant from t to s at x.

        Args:
            x: points x_t, (B, *) float32.
            t, s: times in [t_min, t_max], (B,) each.
            cond: labels and guidance scales, (B,) each or None.

        Returns:
            f, (B, *), in units of data per unit of time.
        """

    @abc.abstractmethod
    def load_tangent(self, weights: Mapping[str, Tensor]) -> LoadReport:
        """Take one-time weights of v. Afterwards f(x, t, t) == v(x, t), bit for bit in float32.

        Hence the second time's embedding is a copy of the first's, the two are averaged, and what
        embeds a guidance scale ends in zeros: v, which knows no scale, is f at every scale.

        Raises:
            UserError: keys or shapes that do not fit, the first ones named.
        """

    @abc.abstractmethod
    def tangent_weights(self) -> Mapping[str, Tensor]:
        """The one-time weights of v(x, t) = f(x, t, t): what `load_tangent` takes.

        Raises:
            UserError: where the two times are embedded differently, so that none exist.
        """

    @abc.abstractmethod
    def network_options(self) -> Mapping[str, object]:
        """Every option that fixes the network's shape, as TOML values; stored with weights."""
