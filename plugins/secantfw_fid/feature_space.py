"""What a Frechet distance is measured in: a map from samples to vectors."""

from __future__ import annotations

import abc
import hashlib
import weakref
from collections.abc import Mapping

import torch
from torch import Tensor

from secantfw import Dataset, MetricProtocol, Split, UserError
from secantfw_fid.gaussian import Gaussian, RunningGaussian

CHUNK = 500  # samples per pass: bounds memory


class FeatureSpace(abc.ABC):
    """Features of samples in the data's own range, one vector each."""

    name: str
    dimension: int
    #: Whether it sees pictures, and by which filter they became its size.
    pictures: bool = True
    resize: str = ""
    _last: tuple[weakref.ref[Tensor], Tensor] | None = None

    @abc.abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """(n, *) samples -> (n, dimension)."""

    @abc.abstractmethod
    def identity(self) -> str:
        """A hash of what the map depends on."""

    def stored_reference(self, dataset: Dataset) -> Gaussian | None:
        """Statistics of this data set's training split that came with the features, if any."""
        return None

    @torch.no_grad()
    def of(self, x: Tensor) -> Tensor:
        """Features (n, dimension) of samples, piece by piece.

        The last answer is kept: several metrics are asked about the same samples.
        """
        if self._last is None or self._last[0]() is not x:
            found = torch.cat([self.features(part) for part in torch.split(x, CHUNK)])
            self._last = weakref.ref(x), found
        return self._last[1]

    def of_split(self, dataset: Dataset, split: Split) -> Gaussian | None:
        """The Gaussian of a split's features; None for fewer than two items."""
        if dataset.size(split) < 2:
            return None
        running = RunningGaussian(self.dimension)
        for index in torch.split(torch.arange(dataset.size(split)), CHUNK):
            running.add(self.of(dataset.items(split, index).x_0))
        return running.gaussian()

    def of_items(self, dataset: Dataset, split: Split, most: int) -> Tensor:
        """Features of at most `most` items, evenly spread, (n, dimension) on the CPU."""
        size = dataset.size(split)
        index = torch.arange(min(size, most)) * size // max(1, min(size, most))
        parts = [
            self.of(dataset.items(split, part).x_0).cpu()
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


def pictures_of(dataset: Dataset, x: Tensor) -> Tensor:
    """What a viewer would see of samples x, (n, height, width, channels) uint8: the data set's
    own rounding (for data in [-1, 1] it is floor(clip(127.5 x + 128, 0, 255)), as in EDM)."""
    pictures = dataset.to_uint8(x)
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
