"""inception_score: how sure a classifier is of each sample, and how varied its guesses are.

    exp( mean_x KL( p(y | x) || p(y) ) ),    p(y) = mean_x p(y | x)

over parts of 5,000 consecutive samples, and the mean over the parts (arXiv:1606.03498; the parts
as in ADM's evaluation, arXiv:2105.05233). Sums only: memory does not grow with the samples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from secantfw import MetricSite, Observation, ObservingMetric, Reduction
from secantfw_fid.classifier import classifier
from secantfw_fid.options import InceptionScoreOptions


class InceptionScore(ObservingMetric):
    """Between 1 (the guesses never change) and the number of classes."""

    key = "inception_score"
    title = "Inception score"
    lower_is_better = False
    log_scale = False

    def __init__(self, options: InceptionScoreOptions, site: MetricSite) -> None:
        self.part = options.part
        self._classifier = classifier(options, site)

    @property
    def observations(self) -> tuple[Observation, ...]:
        return (self._classifier,)

    def reduction(self) -> Reduction:
        return InceptionScoreReduction(self.part)

    def identity(self) -> str:
        return f"{self._classifier.identity()} {self.part}"


class InceptionScoreReduction(Reduction):
    """Sum over the samples of p and of sum_y p ln p, in float64, for the part at hand."""

    def __init__(self, part: int) -> None:
        self._part = part
        self._scores: list[float] = []
        self._count, self._sum, self._negentropy = 0, torch.zeros(()), torch.zeros(())
        self._finite = True

    def take(self, *observed: Tensor) -> None:
        p = observed[0].double()
        self._finite = self._finite and bool(torch.isfinite(p).all())
        if not self._finite:
            return
        while len(p):
            n = min(len(p), self._part - self._count)
            piece, p = p[:n], p[n:]
            self._sum = self._sum + piece.sum(0)
            self._negentropy = self._negentropy + torch.special.xlogy(piece, piece).sum()
            self._count += n
            if self._count == self._part:
                self._close()

    def _close(self) -> None:
        self._scores.append(self._score())
        self._count, self._sum, self._negentropy = 0, torch.zeros(()), torch.zeros(())

    def _score(self) -> float:
        """exp(mean sum_y p ln p - sum_y q ln q) with q = mean p."""
        q = self._sum / self._count
        return math.exp(float(self._negentropy / self._count - torch.special.xlogy(q, q).sum()))

    def value(self) -> float:
        """NaN for no samples, and once any sample was not finite. A last, shorter part counts."""
        scores = self._scores + ([self._score()] if self._count else [])
        return sum(scores) / len(scores) if scores and self._finite else math.nan
