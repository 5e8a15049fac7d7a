"""What a Frechet distance is measured in: a map from samples to vectors."""

from __future__ import annotations

import abc
import hashlib
import math
from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor

from secantfw import Dataset, MetricProtocol, Observation, SampleBlock, Split, UserError
from secantfw_fid.gaussian import Gaussian, RunningGaussian

CHUNK = 500  # samples per pass: bounds memory


class FeatureSpace(Observation):
    """Features of samples in the data's own range, one vector each."""

    name: str
    dimension: int
    #: Whether it sees pictures, and by which filter they became its size.
    pictures: bool = False
    resize: str = ""
    _held_out: tuple[Dataset, Tensor] | None = None

    @abc.abstractmethod
    def mapped(self, seen: Tensor) -> Tensor:
        """Features (n, dimension) of n samples, as `seen` shows them."""

    def seen(self, block: SampleBlock) -> Tensor:
        """What the map is of, n rows: the samples themselves."""
        return block.x

    @abc.abstractmethod
    def identity(self) -> str:
        """A hash of what the map depends on."""

    def stored_reference(self, dataset: Dataset) -> Gaussian | None:
        """Statistics of this data set's training split that came with the features, if any."""
        return None

    @cached_property
    def key(self) -> str:
        return f"features {self.name} {self.identity()}"

    @torch.no_grad()
    def of(self, block: SampleBlock) -> Tensor:
        """Features (n, dimension), piece by piece."""
        found = torch.cat([self.mapped(part) for part in torch.split(self.seen(block), CHUNK)])
        return nan_unless_finite(found, block.x)

    def features(self, x: Tensor) -> Tensor:
        """(n, *) samples -> (n, dimension)."""
        return self.of(SampleBlock(x))

    def of_train(self, dataset: Dataset) -> Gaussian | None:
        """The Gaussian of the training split's features, of which none is kept; None for fewer
        than two items."""
        running = RunningGaussian(self.dimension)
        for index in torch.split(torch.arange(dataset.size("train")), CHUNK):
            running.add(self.features(dataset.items("train", index).x_0))
        return running.gaussian()

    def of_held_out(self, dataset: Dataset) -> Tensor:
        """Features of the held-out split, (n, dimension) on the CPU; made once."""
        if self._held_out is None or self._held_out[0] is not dataset:
            found = self.of_items(dataset, "test", dataset.size("test"))
            self._held_out = dataset, found
        return self._held_out[1]

    def of_items(self, dataset: Dataset, split: Split, most: int) -> Tensor:
        """Features of at most `most` items, evenly spread, (n, dimension) on the CPU."""
        size = dataset.size(split)
        index = torch.arange(min(size, most)) * size // max(1, min(size, most))
        parts = [
            self.features(dataset.items(split, part).x_0).cpu()
            for part in torch.split(index, CHUNK)
            if len(part)
        ]
        return torch.cat(parts) if parts else torch.empty(0, self.dimension)

    def protocol(self, dataset: Dataset) -> MetricProtocol:
        """What features of this data set's samples depend on."""
        return MetricProtocol(
            features=self.name,
            features_sha256=self.identity(),
            pixels=dataset.pixels if self.pictures else "",
            decoder=dataset.decoder if self.pictures else "",
            resize=self.resize,
        )


class PictureFeatures(FeatureSpace):
    """Features of the pictures that a data set makes of samples: `mapped` takes uint8."""

    pictures = True

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def seen(self, block: SampleBlock) -> Tensor:
        return pictures_of(self._dataset, block)


def nan_unless_finite(found: Tensor, x: Tensor) -> Tensor:
    """Rows `found` (n, d) of samples x; NaN where a sample is not finite: rounded to uint8 it
    would look like a grey level and be forgiven."""
    finite = torch.isfinite(x).flatten(1).all(1).to(found.device)
    return found.masked_fill(~finite[:, None], math.nan)


def pictures_of(dataset: Dataset, block: SampleBlock) -> Tensor:
    """What a viewer would see of samples, (n, height, width, channels) uint8: the data set's
    own rounding (for data in [-1, 1] it is floor(clip(127.5 x + 128, 0, 255)), as in EDM)."""
    pictures = block.pictures(dataset)
    if pictures is None:
        raise UserError(
            "metric frechet: the data are not pictures; only features = 'identity' will do"
        )
    return pictures


def sha256(tensors: Mapping[str, Tensor]) -> str:
    """Of names and values, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
