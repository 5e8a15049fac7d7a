"""Checks of a metric: one number, whatever the pieces and the order, small where it should be.

A metric of the network itself has one of its own, and the others skip it.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from secantfw.interfaces.metric import Metric, MetricSite, NetworkMetric, SecantPair
from secantfw.interfaces.observing_metric import ObservingMetric, SampleBlock
from secantfw.testing.check import CheckFunction, Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks
from secantfw.testing.subject import Subject

_RELATIVE = 1e-3  # between orders and pieces of the same samples
#: A metric where lower is better gives the data at most this share of what noise gets.
_SHARE_OF_NOISE = 0.1


def check_names_its_column(subject: Subject) -> None:
    """`key` is a JSON key in snake case, `title` a heading."""
    metric: Metric = subject.object
    good = isinstance(metric.key, str) and metric.key.isidentifier() and metric.key.islower()
    require(good, f"key is {metric.key!r}")
    require(isinstance(metric.title, str) and metric.title, "has no title")
    known = metric.requires <= {"endpoints"}
    require(known, f"requires {sorted(metric.requires - {'endpoints'})}, which nothing provides")


def check_no_samples_give_nan(subject: Subject) -> None:
    """A row without samples has the value NaN, and a full one a finite float."""
    metric: Metric = subject.object
    require(math.isnan(metric.accumulator().value()), "no samples: the value is not NaN")
    value = _value(metric, _noise(subject), _data(subject))
    require(type(value) is float and math.isfinite(value), f"value of noise is {value!r}")


def check_pieces_do_not_matter(subject: Subject) -> None:
    """In pieces or at once, samples have the same value."""
    samples, ends = _noise(subject), _data(subject)
    whole = _value(subject.object, samples, ends)
    pieces = _value(subject.object, samples, ends, (1, 2, 5, len(samples) - 8))
    require(_close(whole, pieces), f"gives {whole:.6g} at once, {pieces:.6g} in pieces")


def check_order_does_not_matter(subject: Subject) -> None:
    """The order of the samples (with their end points) changes nothing."""
    samples, ends = _noise(subject), _data(subject)
    order = torch.arange(len(samples) - 1, -1, -1)
    one, other = (
        _value(subject.object, samples, ends),
        _value(subject.object, samples[order], ends[order]),
    )
    require(_close(one, other), f"gives {one:.6g}, and {other:.6g} in another order")


def check_accumulators_are_apart(subject: Subject) -> None:
    """Two rows accumulated at the same time do not mix."""
    metric, samples, ends = subject.object, _noise(subject), _data(subject)
    expected = _value(metric, samples, ends)
    row, other = metric.accumulator(), metric.accumulator()
    row.update(samples, _given(metric, ends))
    other.update(5 * samples, _given(metric, ends))
    require(_close(row.value(), expected), "a second accumulator changes the first one's value")
    require(_close(row.value(), expected), "asking for the value changes it")


def check_data_beat_noise(subject: Subject) -> None:
    """The data, as their own end points, score better than noise; near 0 where lower is better."""
    metric: Metric = subject.object
    data = _data(subject)
    good, bad = _value(metric, data, data), _value(metric, _noise(subject), data)
    if metric.lower_is_better:
        near = abs(good) <= _SHARE_OF_NOISE * abs(bad)
        require(good < bad and near, f"the data get {good:.4g}, noise {bad:.4g}")
    else:
        require(good > bad, f"higher is better, but the data get {good:.4g}, noise {bad:.4g}")


def check_samples_that_are_not_finite_show(subject: Subject) -> None:
    """One NaN among the samples makes the value NaN or infinite: no silent repair."""
    samples = _noise(subject).clone()
    samples[3] = math.nan
    value = _value(subject.object, samples, _data(subject))
    require(not math.isfinite(value), f"gives {value:.4g} for samples with NaN")


def check_observations_are_of_each_sample(subject: Subject) -> None:
    """A row of an observation is of its sample alone, NaN where that is not finite; it goes by one
    key in every object."""
    metric = subject.object
    if not isinstance(metric, ObservingMetric):
        raise Skip("takes the samples themselves")
    keys = [one.key for one in metric.observations]
    again = [one.key for one in subject.build(seed=1).observations]
    require(keys == again, f"keys differ between two objects: {keys}, {again}")
    require(len(set(keys)) == len(keys), f"two observations have one key: {keys}")
    x, ends = _noise(subject), _data(subject)
    bad = x.clone()
    bad[3] = math.nan
    for one in metric.observations:
        whole = one.of(SampleBlock(x, ends))
        require(len(whole) == len(x), f"{one.key}: {len(whole)} rows of {len(x)} samples")
        part = one.of(SampleBlock(x[5:9].clone(), ends[5:9]))
        near = torch.allclose(whole[5:9].double(), part.double(), rtol=_RELATIVE, atol=1e-6)
        require(near, f"{one.key}: a row depends on the other samples")
        found = one.of(SampleBlock(bad, ends))
        shows = not found.is_floating_point() or not found[3].isfinite().all()
        require(shows, f"{one.key}: a sample that is not finite has a finite row")


def check_identity_and_floor_are_stable(subject: Subject) -> None:
    """Two objects with one set of options agree on `identity` and `floor`."""
    first, second = subject.object, subject.build(seed=1)
    require(first.identity() == second.identity(), "identity() differs between two objects")
    floors = first.floor(), second.floor()
    require(floors[0] == floors[1], f"floor() differs between two objects: {floors}")
    require(floors[0] is None or math.isfinite(floors[0]), f"floor() is {floors[0]}")


def _value(
    metric: Metric, samples: Tensor, ends: Tensor, pieces: Sequence[int] | None = None
) -> float:
    """Of all the samples; in pieces of these sizes, or at once."""
    row, sizes = metric.accumulator(), list(pieces or (len(samples),))
    for part, end in zip(torch.split(samples, sizes), torch.split(ends, sizes), strict=True):
        row.update(part, _given(metric, end))
    return row.value()


def _given(metric: Metric, ends: Tensor) -> Tensor | None:
    """End points for a metric that asks for them."""
    return ends if "endpoints" in metric.requires else None


def _data(subject: Subject) -> Tensor:
    """The training split, over again for a metric that needs more."""
    site: MetricSite = subject.site[0]
    size, metric = site.dataset.size("train"), subject.object
    wanted = metric.least_samples if isinstance(metric, Metric) else 1
    return site.dataset.items("train", torch.arange(max(size, wanted)) % size).x_0


def _noise(subject: Subject) -> Tensor:
    rng = torch.Generator().manual_seed(3)
    return torch.randn(_data(subject).shape, generator=rng)


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= _RELATIVE * max(abs(a), abs(b), 1e-6)


def _trial(subject: Subject) -> Trial:
    samples, ends = _noise(subject), _data(subject)

    def call() -> list[Tensor]:
        value = float(_value(subject.object, samples, ends))
        return [torch.tensor(value, dtype=torch.float64)]

    return Trial((samples, ends), call)


def check_measures_secants(subject: Subject) -> None:
    """A metric of the network gives JSON values, the same each time, and tells f from true."""
    metric = subject.object
    if not isinstance(metric, NetworkMetric):
        raise Skip("a metric of samples")
    exact, off = (json.dumps(metric.measure(_Secants(error))) for error in (0.0, 0.5))
    again = json.dumps(metric.measure(_Secants(0.0)))
    require(exact == again, "a second measurement of the same secants differs")
    require(exact != off, "secants that are wrong by 0.5 measure like exact ones")


class _Secants:
    """`SecantPairs` of two numbers each, f off by `error`."""

    def __init__(self, error: float) -> None:
        self._error = error

    def __call__(self, t: Tensor, s: Tensor) -> SecantPair:
        true = torch.stack([t + s, t - s], 1)
        return SecantPair(true + self._error, true)


def _of_samples(check: CheckFunction) -> CheckFunction:
    """The same check, for metrics of samples."""

    @functools.wraps(check)
    def run(subject: Subject) -> None:
        if isinstance(subject.object, NetworkMetric):
            raise Skip("a metric of the network")
        check(subject)

    return run


_OF_SAMPLES = (
    check_names_its_column,
    check_no_samples_give_nan,
    check_pieces_do_not_matter,
    check_order_does_not_matter,
    check_accumulators_are_apart,
    check_data_beat_noise,
    check_samples_that_are_not_finite_show,
    check_observations_are_of_each_sample,
    check_identity_and_floor_are_stable,
    *purity_checks(_trial),
)
CHECKS = (*map(_of_samples, _OF_SAMPLES), check_measures_secants)
