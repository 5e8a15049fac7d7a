"""Sound components that the faults change in one place; each passes every check itself."""

from __future__ import annotations

import math

import torch
from secantfw_basics.mlp.backbone import MLPBackbone
from secantfw_basics.options import ContinuousOptions, MLPOptions
from secantfw_basics.times.continuous import Continuous
from secantfw_data.mixture_teacher import GaussianMixtureTeacher
from secantfw_data.options import MixtureOptions
from torch import Tensor

from secantfw import (
    Accumulator,
    Augmentation,
    Augmented,
    Coefficients,
    Dataset,
    DataSpec,
    Engine,
    Items,
    LossTerms,
    Metric,
    Observation,
    ObservingMetric,
    Path,
    Reduction,
    SecantLoss,
    Solver,
    Teacher,
    TimesNeed,
    at,
    mean_flat,
)


class SoundPath(Path):
    """alpha = 1 - t, sigma = t."""

    def __init__(self, options) -> None:
        pass

    def coefficients(self, t):
        one = torch.ones_like(t)
        return Coefficients(1 - t, t, -one, one)


class SoundData(Dataset):
    """Grey pictures of two shades, with labels."""

    spec = DataSpec((1, 4, 4), num_classes=3)
    dtype, scale = torch.float32, 0.5

    def __init__(self, options) -> None:
        rng = torch.Generator().manual_seed(0)
        self.x = {s: self.scale * torch.randn((64, 1, 4, 4), generator=rng) for s in self.splits()}

    def splits(self):
        return ("train", "test")

    def size(self, split) -> int:
        return 64

    def items(self, split, index):
        return Items(self.x[split][index].to(self.dtype), self.label(index))

    def label(self, index):
        return index % 3

    def to_uint8(self, x):
        return (127.5 * x + 128).clamp(0, 255).to(torch.uint8).movedim(1, -1)


class SoundFlips(Augmentation):
    """Half of the pictures mirrored, which one number tells."""

    def __init__(self, options) -> None:
        pass

    def __call__(self, x_0, draws):
        flip = draws.rows(lambda n: self.coins(n, draws.rng))
        return Augmented(self.changed(x_0, flip), self.told(flip))

    def coins(self, n, rng):
        return torch.rand(n, generator=rng) < 0.5

    def changed(self, x_0, flip):
        return torch.where(at(flip, x_0), x_0.flip(-1), x_0)

    def told(self, flip):
        return flip.float().unsqueeze(1)


class SoundBackbone(MLPBackbone):
    """The mlp, small."""

    def __init__(self, options, site) -> None:
        super().__init__(self.mlp_options(), site)

    def mlp_options(self):
        return MLPOptions(width=8, depth=1)

    def network_options(self):
        return {}


class SoundTeacher(Teacher):
    """The exact tangent of a mixture on a ring, given its label."""

    def __init__(self, options, site) -> None:
        self.path = site.path
        options = MixtureOptions(labels=True, components=site.spec.num_classes, radius=1.0)
        self.exact = GaussianMixtureTeacher(options, site)

    @torch.no_grad()
    def velocity(self, x, t, cond) -> Tensor:
        return self.exact.velocity(x, t, cond)

    def to(self, device):
        return self

    def weights(self):
        return None

    def num_parameters(self) -> int:
        return 0


class SoundLoss(SecantLoss):
    """SDEI in five pieces."""

    requires = frozenset({"teacher"})

    def __init__(self, options) -> None:
        pass

    def times_needed(self):
        return TimesNeed(draws=1)

    def __call__(self, ctx, batch, times):
        r = self.interior(times)
        x_t = self.point(ctx, batch, times)
        x_r = self.estimate(ctx, batch.cond, x_t, times.t, r)
        target = self.target(ctx, batch, x_t, x_r, times, r)
        f = self.secant(ctx, batch.cond, x_t, times)
        return self.terms(f, target)

    def interior(self, times):
        return times.r[:, 0]

    def point(self, ctx, batch, times):
        return ctx.path.point(batch, times.t)

    def estimate(self, ctx, cond, x_t, t, r):
        return x_t + at(r - t, x_t) * ctx.student(x_t, t, r, cond)

    def target(self, ctx, batch, x_t, x_r, times, r):
        return ctx.teacher(x_r, r, batch.cond)

    def secant(self, ctx, cond, x_t, times):
        return ctx.student(x_t, times.t, times.s, cond, grad=True)

    def terms(self, f, target):
        return LossTerms(mean_flat((f - target).square()))


class SoundTimes(Continuous):
    """`continuous` with intervals up to the whole range."""

    def __init__(self, options) -> None:
        super().__init__(ContinuousOptions(segments=1))


class SoundSolver(Solver):
    """Euler's method."""

    order = 1

    def __init__(self, options) -> None:
        pass

    def solve(self, field, x, t, s, steps, cond, rng=None):
        h = (s - t) / steps
        for i in range(steps):
            x = x + at(h, x) * field.tangent(x, torch.lerp(t, s, i / steps), cond)
        return x

    def evaluations(self, steps: int) -> int:
        return steps


class SoundSecantSolver(SoundSolver):
    """Steps along secants."""

    order = None
    requires = frozenset({"secant"})

    def solve(self, field, x, t, s, steps, cond, rng=None):
        for i in range(steps):
            a, b = torch.lerp(t, s, i / steps), torch.lerp(t, s, (i + 1) / steps)
            x = x + at(b - a, x) * field.secant(x, a, b, cond)
        return x


class SoundMetric(Metric):
    """Mean square distance from the end points."""

    key, title = "distance", "Distance"
    requires = frozenset({"endpoints"})

    def __init__(self, options, site) -> None:
        self.site = site

    def accumulator(self):
        return SoundAccumulator()


class SoundAccumulator(Accumulator):
    """Sums."""

    def __init__(self) -> None:
        self.sum, self.n = 0.0, 0

    def update(self, samples, endpoints) -> None:
        self.sum += float((samples - endpoints).double().square().sum())
        self.n += samples.numel()

    def value(self) -> float:
        return self.sum / self.n if self.n else math.nan


class SoundSquares(Observation):
    """Each sample's mean square distance from its end point."""

    key = "squares"

    def of(self, block):
        return (block.x - block.endpoints).double().square().flatten(1).mean(1)


class SoundObservingMetric(ObservingMetric):
    """The same number, of what is observed of each sample."""

    key, title = "distance", "Distance"
    requires = frozenset({"endpoints"})
    observations = (SoundSquares(),)

    def __init__(self, options, site) -> None:
        self.site = site

    def reduction(self):
        return SoundReduction()


class SoundReduction(Reduction):
    """A mean."""

    def __init__(self) -> None:
        self.sum, self.n = 0.0, 0

    def take(self, *observed) -> None:
        self.sum += float(observed[0].sum())
        self.n += len(observed[0])

    def value(self) -> float:
        return self.sum / self.n if self.n else math.nan


class SoundEngine(Engine):
    """One process, in pieces."""

    def __init__(self, options, site) -> None:
        self.group, self.pieces = site.group, site.pieces

    def prepare(self, student, ema, loss, ctx) -> None:
        self._loss, self._ctx = loss, ctx

    def compute(self, batch, times):
        return self.accumulate(lambda b, t: self._loss(self._ctx, b, t), self._ctx, batch, times)

    def backward(self, objective):
        self.scaled(objective).backward()
        return self.exchange(objective)
