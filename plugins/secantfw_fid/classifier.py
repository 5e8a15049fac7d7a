"""Whose guesses the Inception score is about: Inception-v3, or the embedded classifier."""

from __future__ import annotations

import abc

import torch
from torch import Tensor

from secantfw import MetricSite
from secantfw_fid.fashion16_features import SHAPE, Fashion16Features
from secantfw_fid.feature_space import CHUNK, pictures_of
from secantfw_fid.inception_network import InceptionNetwork
from secantfw_fid.options import InceptionScoreOptions


class Classifier(abc.ABC):
    """p(y | x) of samples in the data's own range."""

    @abc.abstractmethod
    def probabilities(self, x: Tensor) -> Tensor:
        """(n, *) samples -> (n, classes)."""

    @abc.abstractmethod
    def identity(self) -> str:
        """A hash of what the classifier depends on."""


class InceptionClassifier(Classifier):
    """1008 classes, of pictures resized inside the network."""

    def __init__(self, site: MetricSite, weights: str | None) -> None:
        self._dataset = site.dataset
        self._net = InceptionNetwork(site.dataset, site.device, weights, "tensorflow")

    def probabilities(self, x: Tensor) -> Tensor:
        pictures = pictures_of(self._dataset, x)
        return torch.cat([self._net.probabilities(part) for part in torch.split(pictures, CHUNK)])

    def identity(self) -> str:
        return self._net.identity


class EmbeddedClassifier(Classifier):
    """10 classes, of 16x16 grey pictures (assets/README.md)."""

    def __init__(self, site: MetricSite) -> None:
        self._features = Fashion16Features(site.dataset, site.device)

    def probabilities(self, x: Tensor) -> Tensor:
        return torch.cat([self._features.logits(part) for part in torch.split(x, CHUNK)]).softmax(
            1
        )

    def identity(self) -> str:
        return self._features.identity()


def classifier(options: InceptionScoreOptions, site: MetricSite) -> Classifier:
    """The classifier that the options name."""
    embedded = options.classifier == "fashion16"
    if embedded or (options.classifier == "auto" and site.dataset.spec.shape == SHAPE):
        return EmbeddedClassifier(site)
    return InceptionClassifier(site, options.weights)
