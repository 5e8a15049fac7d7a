"""What a Frechet distance is measured in: a map from samples to vectors."""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from secantfw import Dataset, Split, UserError
from secantfw_fid.gaussian import Gaussian, RunningGaussian

CHUNK = 500  # samples per pass: bounds memory


class FeatureSpace(abc.ABC):
    """Features of samples in the data's own range, one vector each."""

    dimension: int

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
    def add(self, x: Tensor, to: RunningGaussian) -> None:
        """Add the features of samples (n, *), piece by piece."""
        for part in torch.split(x, CHUNK):
            to.add(self.features(part))

    def of_split(self, dataset: Dataset, split: Split) -> Gaussian | None:
        """The Gaussian of a split's features; None for fewer than two items."""
        running = RunningGaussian(self.dimension)
        for index in torch.split(torch.arange(dataset.size(split)), CHUNK):
            self.add(dataset.items(split, index).x_0, running)
        return running.gaussian()


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
