"""SecantParts: a secant before its guidance is combined, for solvers that fuse that themselves."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.tensors import at


@attrs.frozen(eq=False, init=False)
class SecantParts:
    """f = unlabelled + w (labelled - unlabelled); where there is no guidance, f = labelled.

    `labelled`, `unlabelled` (B, *); `scale` w (B,). `unlabelled` and `scale` are None without
    guidance. `channels` is how many are guided, the first of axis 1; the others keep the labelled
    output. None: all.
    """

    labelled: Tensor
    unlabelled: Tensor | None = None
    scale: Tensor | None = None
    channels: int | None = None

    def __init__(
        self,
        labelled: Tensor,
        unlabelled: Tensor | None = None,
        scale: Tensor | None = None,
        channels: int | None = None,
    ) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "labelled", labelled)
        object.__setattr__(self, "unlabelled", unlabelled)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "channels", channels)

    def combined(self) -> Tensor:
        """f, (B, *)."""
        labelled, unlabelled, channels = self.labelled, self.unlabelled, self.channels
        if unlabelled is None or self.scale is None:
            return labelled
        scale = at(self.scale, labelled)
        if channels is None or channels >= labelled.shape[1]:
            return torch.lerp(unlabelled, labelled, scale)
        front = torch.lerp(unlabelled[:, :channels], labelled[:, :channels], scale)
        return torch.cat([front, labelled[:, channels:]], 1)

    def to(self, dtype: torch.dtype) -> SecantParts:
        """The same with outputs in `dtype`: autocast's are to be combined in the state's."""
        if self.labelled.dtype == dtype:
            return self
        unlabelled = None if self.unlabelled is None else self.unlabelled.to(dtype)
        return SecantParts(self.labelled.to(dtype), unlabelled, self.scale, self.channels)
