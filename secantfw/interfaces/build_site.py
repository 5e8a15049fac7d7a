"""BuildSite: what a component is told of its surroundings when it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import DataSpec, WeightsHeader


@attrs.frozen(eq=False)
class BuildSite:
    """Given to every backbone and teacher beside its options.

    `weights` describes the teacher's weights file (None if there is none): a student whose sizes
    are not set in the experiment takes them from there. `guidance_range` is `[guidance] range`: a
    student that can be told its scale is built to be told one from this range.

    `read_weights` reads the tensors that `weights` describes, of a file of any format that a
    `WeightsFormat` knows: a teacher opens its file by `secantfw.open_weights(file, site)`.
    """

    spec: DataSpec
    path: Path
    weights: WeightsHeader | None = None
    guidance_range: tuple[float, float] | None = None
    read_weights: Callable[[], Mapping[str, Tensor]] | None = None
