"""pixel_frechet: the Frechet distance between the pixels themselves.

Beside a distance in features it shows what those do not see: samples too smooth, too noisy, or of
the wrong contrast.
"""

from __future__ import annotations

from secantfw import MetricProtocol, MetricSite, Observation, ObservingMetric, Reduction
from secantfw_fid.frechet import Frechet
from secantfw_fid.options import FrechetOptions, PixelFrechetOptions


class PixelFrechet(ObservingMetric):
    """`frechet` with features = 'identity', in a column of its own; data of up to 4096 numbers."""

    key = "pixel_frechet_distance"
    title = "Pixel FD"

    def __init__(self, options: PixelFrechetOptions, site: MetricSite) -> None:
        self._frechet = Frechet(FrechetOptions(features="identity"), site)

    @property
    def observations(self) -> tuple[Observation, ...]:
        return self._frechet.observations

    def reduction(self) -> Reduction:
        return self._frechet.reduction()

    def floor(self) -> float | None:
        """Held-out split against the training split."""
        return self._frechet.floor()

    def identity(self) -> str:
        return self._frechet.identity()

    def protocol(self) -> MetricProtocol:
        return self._frechet.protocol()
