"""The stamp of a metric's numbers at one guidance scale."""

from __future__ import annotations

import attrs

from secantfw.evaluation.sources import Sources
from secantfw.evaluation.stamp import Stamp
from secantfw.interfaces.metric import AnyMetric, NetworkMetric
from secantfw.sampling.row_guidance import RowGuidance


def make_stamp(sources: Sources, metric: AnyMetric, guidance: RowGuidance) -> Stamp:
    """What the metric's numbers of this evaluation depend on, but for the row's NFE."""
    keys, experiment = sources.keys, sources.built.experiment
    network = isinstance(metric, NetworkMetric)
    compares = isinstance(metric, NetworkMetric) or "endpoints" in metric.requires
    classes = sources.built.dataset.spec.num_classes
    return Stamp(
        metric=metric.key,
        **attrs.asdict(metric.protocol()),
        truth=sources.truth(guidance) if compares else "",
        samples=0 if network else keys.samples,
        seeds=(keys.seed,) if network else sources.seeds,
        labels=f"sample number modulo {classes}" if classes and not network else "",
        guidance=guidance.scale,
        guidance_interval=guidance.interval,
        guidance_channels=experiment.guidance.channels,
        weights="ema",
        compute_batch=keys.compute_batch,
        precision=keys.precision,
    )
