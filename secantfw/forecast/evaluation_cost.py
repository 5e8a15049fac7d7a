"""What an evaluation costs, known before it is made.

    FLOPs = sum over rows of  samples x (NFE x FLOPs of an evaluation + FLOPs of a picture)

Each sample is drawn, and made into a picture, once. Left out are the features of metrics
(Inception takes 11 GFLOP a picture, a hundredth of what drawing one takes in the recipes of the
paper), the finalists of a file of baselines, and the reference solution of metrics that compare.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import torch

from secantfw.assembly.build import Built
from secantfw.assembly.planned_rows import planned_rows
from secantfw.assembly.row import Model
from secantfw.forecast.flops import CountedFlops
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.metric import Metric
from secantfw.runtime.memory import PeakBytes

_UNITS = ((1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"))


@attrs.frozen
class PictureCost:
    """Of `Dataset.to_uint8`."""

    flops: int  # of one sample
    bytes: int  # alive at most, for as many as the metrics take at once


@attrs.frozen
class EvaluationCost:
    """Of all rows together."""

    rows: int
    samples: int  # of a row, over its seeds
    drawing: float  # FLOPs of the networks
    pictures: float | None  # FLOPs of making pictures; None: not known
    picture_bytes: int = 0
    least: bool = False  # there are rows of unknown NFE, baselines or a reference beside it

    @property
    def flops(self) -> float:
        return self.drawing + (self.pictures or 0.0)

    def text(self) -> str:
        """`1 row of 50,000 samples, 126 PFLOP: 95 PFLOP drawing, 31 PFLOP pictures`."""
        rows = f"{self.rows} row{'s' if self.rows != 1 else ''} of {self.samples:,} samples"
        found = f"{rows}, {'at least ' if self.least else ''}{flops_text(self.flops)}"
        if self.pictures is None:
            found += " and what pictures take"
        elif self.pictures:
            drawing, pictures = flops_text(self.drawing), flops_text(self.pictures)
            found += f": {drawing} drawing, {pictures} pictures"
        return found


def evaluation_cost(
    built: Built, flops: Mapping[Model, float], pictures: PictureCost | None
) -> EvaluationCost | None:
    """None where the experiment has no evaluation.

    Args:
        flops: of one evaluation of a sample by each network that is drawn from.
        pictures: as `picture_cost` finds it.
    """
    keys, rows = built.experiment.evaluate.keys, planned_rows(built)
    if not keys.samples:
        return None
    samples = keys.samples * max(1, len(keys.seeds))
    return EvaluationCost(
        rows=len(rows),
        samples=samples,
        drawing=sum(samples * (row.nfe or 0) * flops[row.model] for row in rows),
        pictures=None if pictures is None else float(len(rows) * samples * pictures.flops),
        picture_bytes=0 if pictures is None else pictures.bytes,
        least=any(row.nfe is None for row in rows) or _more(built),
    )


def _more(built: Built) -> bool:
    """Whether baselines may be measured beside the rows, or a reference is solved for."""
    keys = built.experiment.evaluate.keys
    compares = any("endpoints" in m.requires for m in built.metrics if isinstance(m, Metric))
    return compares or (built.teacher is not None and keys.teacher and keys.baselines != "none")


def picture_cost(dataset: Dataset, rows: int) -> PictureCost | None:
    """By making pictures of tensors that have a size and no content; None where that fails."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    shape = dataset.spec.shape
    try:
        dataset.to_uint8(torch.empty((0, *shape)))  # loads what it needs, with its content
        with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
            samples = torch.empty((rows, *shape))
            with CountedFlops() as spent, PeakBytes([]) as alive:
                dataset.to_uint8(samples)
            return PictureCost(spent.flops // rows, alive.peak)
    except Exception:  # code that looks at contents cannot be counted so
        return None


def flops_text(flops: float) -> str:
    """`12.6 PFLOP`, at least in GFLOP."""
    size, unit = next((one for one in _UNITS if flops >= one[0]), _UNITS[-1])
    return f"{flops / size:.3g} {unit}"
