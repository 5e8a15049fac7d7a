"""What is measured of the student's secants themselves, at one guidance scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from secantfw.evaluation.kept_blocks import KeptBlocks
from secantfw.evaluation.secant_pairs import OthersHaveTheRest, Pairs
from secantfw.evaluation.share import Share
from secantfw.evaluation.sources import Sources
from secantfw.evaluation.teacher_ends import TeacherEnds
from secantfw.sampling.row_guidance import RowGuidance


@attrs.frozen
class NetworkMeasurement:
    """Every process of a group takes it; each makes its share of the secants."""

    sources: Sources
    kept: KeptBlocks
    ends: TeacherEnds
    share: Share
    note: Callable[[str], None]

    def under(self, guidance: RowGuidance) -> dict[str, Any]:
        """By the metric's key; what others have the rest of is left out."""
        found = {}
        for metric in self.sources.network_metrics:
            self.note(metric.title)
            series = f"secants, {metric.key}, w {guidance.scale:g}"
            reference = self.ends.reference(guidance)
            pairs = Pairs(self.sources, guidance, reference, self.kept, self.share, series)
            try:
                found[metric.key] = dict(metric.measure(pairs))
            except OthersHaveTheRest:
                continue
        return found
