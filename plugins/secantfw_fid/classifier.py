"""Whose guesses the Inception score is about: Inception-v3, or the embedded classifier."""

from __future__ import annotations

import abc

import torch
from torch import Tensor

from secantfw import Dataset, MetricSite, Observation, SampleBlock
from secantfw_fid.fashion16_features import SHAPE, Fashion16Features
from secantfw_fid.feature_space import CHUNK, nan_unless_finite, pictures_of
from secantfw_fid.inception_network import InceptionNetwork
from secantfw_fid.options import InceptionScoreOptions


class Classifier(Observation):
    """p(y | x) of the pictures that a data set makes of samples."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @abc.abstractmethod
    def probabilities(self, pictures: Tensor) -> Tensor:
        """(n, height, width, channels) uint8 -> (n, classes)."""

    @abc.abstractmethod
    def identity(self) -> str:
        """A hash of what the classifier depends on."""

    @property
    def key(self) -> str:
        return f"probabilities {type(self).__name__} {self.identity()}"

    @torch.no_grad()
    def of(self, block: SampleBlock) -> Tensor:
        pictures = pictures_of(self._dataset, block)
        found = torch.cat([self.probabilities(part) for part in torch.split(pictures, CHUNK)])
        return nan_unless_finite(found, block.x)


class InceptionClassifier(Classifier):
    """1008 classes, of pictures resized inside the network."""

    def __init__(self, site: MetricSite, weights: str | None) -> None:
        super().__init__(site.dataset)
        self._net = InceptionNetwork(site.dataset, site.device, weights, "tensorflow")

    def probabilities(self, pictures: Tensor) -> Tensor:
        return self._net.probabilities(pictures)

    def identity(self) -> str:
        return self._net.identity


class EmbeddedClassifier(Classifier):
    """10 classes, of 16x16 grey pictures (assets/README.md)."""

    def __init__(self, site: MetricSite) -> None:
        super().__init__(site.dataset)
        self._features = Fashion16Features(site.dataset, site.device)

    def probabilities(self, pictures: Tensor) -> Tensor:
        return self._features.logits(pictures).softmax(1)

    def identity(self) -> str:
        return self._features.identity()


def classifier(options: InceptionScoreOptions, site: MetricSite) -> Classifier:
    """The classifier that the options name."""
    embedded = options.classifier == "fashion16"
    if embedded or (options.classifier == "auto" and site.dataset.spec.shape == SHAPE):
        return EmbeddedClassifier(site)
    return InceptionClassifier(site, options.weights)
