"""Checks of a time sampler: shapes, ranges, and the laws of t, s, r and tau."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import get_args

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import RLaw, Times, TimesNeed
from secantfw.interfaces.time_sampler import TimeSampler
from secantfw.testing.check import Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform
from secantfw.testing.reference_paths import ShortenedLine, StraightLine
from secantfw.testing.subject import Subject

_ROWS = 4000
_LAWS: tuple[RLaw, ...] = get_args(RLaw)
#: Shorter intervals keep too few digits of r for a test of its law in float32.
_SHORTEST = 1e-3
_EPSILON = 1e-6  # of float32 arithmetic on times


def check_times_have_the_shapes_asked_for(subject: Subject) -> None:
    """t, s (n,), r and its weights (n, K), tau (n,) exactly if asked for; float32."""
    for need in _needs():
        times = _draw(subject.object, need, rows=6)
        for name, shape in _shapes(need).items():
            value = getattr(times, name)
            require(value is not None, f"{name} is missing for {need}")
            found = f"{value.dtype} {tuple(value.shape)}"
            good = value.dtype == torch.float32 and tuple(value.shape) == shape
            require(good, f"{name} is {found}, expected float32 {shape}")
        require(need.tau or times.tau is None, "gives tau where none was asked for")
        marked = times.tangent_rows
        if marked is not None:
            good = marked.dtype == torch.bool and marked.shape == (6,)
            require(good, f"tangent_rows are {marked.dtype} {tuple(marked.shape)}")


def check_times_stay_in_the_range_of_the_path(subject: Subject) -> None:
    """All times lie in [t_min, t_max], also where that is not [0, 1], at any progress."""
    for path, progress in itertools.product((StraightLine(), ShortenedLine()), (0.0, 0.5, 0.999)):
        times = _draw(subject.object, TimesNeed(draws=2, tau=True), path, progress=progress)
        for name in ("t", "s", "r", "tau", "mid"):
            value = getattr(times, name)
            if value is not None:
                inside = (value >= path.t_min) & (value <= path.t_max)
                require(inside.all(), f"{name} leaves [{path.t_min}, {path.t_max}]")


def check_direction_is_the_declared_one(subject: Subject) -> None:
    """s <= t in every row, unless it provides "bidirectional", which has both."""
    times = _draw(subject.object, TimesNeed())
    up = float((times.s > times.t).float().mean())
    if "bidirectional" in subject.object.capabilities():
        require(0 < up < 1, f"provides 'bidirectional', and {up:.0%} of the rows have s > t")
    else:
        require(up == 0, f"{up:.0%} of the rows have s > t; it does not provide 'bidirectional'")


def check_capabilities_are_known(subject: Subject) -> None:
    """It provides known words; under "every_time" t lies on no grid."""
    provided = subject.object.capabilities()
    unknown = provided - {"bidirectional", "every_time", "mid", "tangent_rows"}
    require(not unknown, f"provides {sorted(unknown)}, which no loss can require")
    if "every_time" in provided:
        different = len(set(_draw(subject.object, TimesNeed()).t.tolist()))
        require(different > _ROWS / 2, f"provides 'every_time', and t has {different} values")
    times = _draw(subject.object, TimesNeed())
    for field in sorted({"mid", "tangent_rows"} & provided):
        require(getattr(times, field) is not None, f"provides {field!r}, and gives none")


def check_marked_rows_are_tangent_rows(subject: Subject) -> None:
    """s = t where `tangent_rows` says so."""
    times = _draw(subject.object, TimesNeed())
    if times.tangent_rows is None:
        raise Skip("marks no rows")
    require((times.s == times.t)[times.tangent_rows].all(), "a marked row has s != t")


def check_trained_steps_are_a_number(subject: Subject) -> None:
    """`trained_steps` is None or an int of at least 1."""
    sampler: TimeSampler = subject.object
    steps = sampler.trained_steps()
    good = steps is None or (type(steps) is int and steps >= 1)
    require(good, f"trained_steps is {steps!r}, expected None or an int of at least 1")


def check_secants_that_are_drawn_are_practised(subject: Subject) -> None:
    """`practises` says so of each (t, s) that `sample` gives, and gives (n,) bool."""
    sampler: TimeSampler = subject.object
    for path in (StraightLine(), ShortenedLine()):
        times = sampler.sample(_ROWS, TimesNeed(), path, torch.Generator().manual_seed(5), 0.5)
        found = sampler.practises(times.t, times.s, path)
        shaped = found.dtype == torch.bool and found.shape == times.t.shape
        require(shaped, f"practises gave {found.dtype} {tuple(found.shape)}, expected (n,) bool")
        missed = int((~found).sum())
        require(missed == 0, f"practises is False for {missed} of {_ROWS} secants it drew")


def check_r_lies_between_t_and_s(subject: Subject) -> None:
    """Interior times, and `mid`, lie between t and s."""
    for law in _LAWS:
        times = _draw(subject.object, TimesNeed(draws=3, law=law))
        low, high = torch.minimum(times.t, times.s), torch.maximum(times.t, times.s)
        inside = (times.r >= low[:, None]) & (times.r <= high[:, None])
        require(inside.all(), f"r leaves [t, s] under law {law!r}")
        if times.mid is not None:
            require(((times.mid >= low) & (times.mid <= high)).all(), "mid leaves [t, s]")


def check_weights_of_r_sum_to_1(subject: Subject) -> None:
    """The weights of a row's interior times are positive and sum to 1."""
    for law, draws in itertools.product(_LAWS, (1, 3)):
        weight = _draw(subject.object, TimesNeed(draws=draws, law=law)).r_weight.double()
        error = float((weight.sum(1) - 1).abs().max())
        good = error < 1e-5 and bool((weight > 0).all())
        require(good, f"the weights of r under {law!r} sum to 1 +- {error:.2g}")


def check_r_follows_the_law_asked_for(subject: Subject) -> None:
    """(r - t) / (s - t) is uniform, stratified, in mirrored pairs, or the Gauss nodes."""
    for draws in (1, 4):
        _check_uniform(_shares(subject, "uniform", draws), 0, 1, "uniform")
        strata = _shares(subject, "stratified", draws)
        for k in range(draws):
            _check_uniform(strata[:, k : k + 1], k / draws, 1 / draws, "stratified")
        _check_uniform(_shares(subject, "antithetic", draws), 0, 1, "antithetic")
    pairs = _shares(subject, "antithetic", 2).sum(1)
    require(((pairs - 1).abs() < 2e-3).all(), "antithetic draws are not mirrored: u + u' is not 1")
    times = _draw(subject.object, TimesNeed(draws=3, law="gauss_legendre"))
    nodes, weights = np.polynomial.legendre.leggauss(3)
    found = _shares(subject, "gauss_legendre", 3)
    error = float((found - torch.tensor((nodes + 1) / 2)).abs().max())
    off = float((times.r_weight.double() - torch.tensor(weights / 2)).abs().max())
    require(error < 2e-3 and off < 1e-5, "gauss_legendre gives other nodes or weights")


def check_draws_of_r_are_independent(subject: Subject) -> None:
    """Uniform draws of one row have nothing to do with each other, nor with t and s."""
    u = _shares(subject, "uniform", 2)
    limit = 5 / len(u) ** 0.5
    found = abs(_correlation(u[:, 0], u[:, 1]))
    require(found < limit, f"two draws of r of a row are correlated ({found:.2f})")
    times = _wide(_draw(subject.object, TimesNeed(draws=2)))
    for name, other in (("t", times.t), ("s", times.s)):
        found = abs(_correlation(u[:, 0], other.double()))
        require(found < limit, f"(r - t) / (s - t) is correlated with {name} ({found:.2f})")


def check_tau_is_independent_of_t(subject: Subject) -> None:
    """tau is a time of its own, which varies and does not follow t."""
    times = _draw(subject.object, TimesNeed(tau=True))
    assert times.tau is not None
    require(times.tau.std() > 0.01, "tau does not vary")
    found = abs(_correlation(times.tau.double(), times.t.double()))
    require(found < 5 / _ROWS**0.5, f"tau is correlated with t ({found:.2f})")


def check_t_and_s_do_not_depend_on_the_loss(subject: Subject) -> None:
    """Whatever K, law and tau a loss asks for, t and s are the same: ablations are paired."""
    first = _draw(subject.object, TimesNeed())
    for need in _needs():
        times = _draw(subject.object, need)
        equal = same(times.t, first.t) and same(times.s, first.s)
        require(equal, f"t or s changes with what the loss needs ({need})")


def check_another_generator_gives_other_times(subject: Subject) -> None:
    """Times are drawn from the generator that is given."""
    one, other = (_draw(subject.object, TimesNeed(), seed=seed) for seed in (0, 1))
    equal = all(same(getattr(one, name), getattr(other, name)) for name in ("t", "s", "r"))
    require(not equal, "two seeds give the same times")


def check_state_survives_json(subject: Subject) -> None:
    """`state_dict` is JSON, and a new object that takes it back goes on alike."""
    sampler: TimeSampler = subject.build()
    _draw(sampler, TimesNeed())
    state = sampler.state_dict()
    again = json.loads(json.dumps(state))
    require(again == state, "state_dict changes in JSON")
    other = subject.build()
    other.load_state_dict(again)
    pair = [_draw(one, TimesNeed(), seed=3) for one in (sampler, other)]
    require(same(pair[0].t, pair[1].t), "a sampler that took the state back draws other times")


def _needs() -> Iterator[TimesNeed]:
    yield TimesNeed(draws=0)
    for law in _LAWS:
        yield TimesNeed(draws=3, law=law, tau=law == "uniform")


def _shapes(need: TimesNeed) -> dict[str, tuple[int, ...]]:
    interior = (6, need.draws)
    shapes = {"t": (6,), "s": (6,), "r": interior, "r_weight": interior}
    return {**shapes, "tau": (6,)} if need.tau else shapes


def _draw(
    sampler: TimeSampler,
    need: TimesNeed,
    path: Path | None = None,
    *,
    rows: int = _ROWS,
    seed: int = 0,
    progress: float = 0.5,
) -> Times:
    rng = torch.Generator().manual_seed(seed)
    return sampler.sample(rows, need, path or StraightLine(), rng, progress)


def _wide(times: Times) -> Times:
    """The rows whose interval is long enough to see where r lies."""
    rows = (times.s - times.t).abs() > _SHORTEST
    if int(rows.sum()) < _ROWS // 10:
        raise Skip("its intervals have no length")
    kept = {name: getattr(times, name)[rows] for name in ("t", "s", "r", "r_weight")}
    return Times(**kept)


def _shares(subject: Subject, law: RLaw, draws: int) -> Tensor:
    """u = (r - t) / (s - t), (n, K) in float64."""
    times = _wide(_draw(subject.object, TimesNeed(draws=draws, law=law)))
    t, s, r = times.t.double()[:, None], times.s.double()[:, None], times.r.double()
    return (r - t) / (s - t)


def _check_uniform(u: Tensor, low: float, width: float, law: str) -> None:
    """Each column of u on its own: columns need not be independent."""
    for column in ((u - low) / width).unbind(1):
        found = ks_uniform(column.clamp(0, 1))
        inside = column.min() > -2e-3 and column.max() < 1 + 2e-3
        require(inside and found < KS_LIMIT, f"r is not {law} (KS {found:.1f}, limit {KS_LIMIT})")


def _correlation(a: Tensor, b: Tensor) -> float:
    if float(a.std()) < _EPSILON or float(b.std()) < _EPSILON:
        return 0.0  # one segment: t is a constant
    return float(torch.corrcoef(torch.stack((a, b)))[0, 1])


def _trial(subject: Subject) -> Trial:
    def call() -> list[Tensor]:
        times = _draw(subject.object, TimesNeed(draws=2, tau=True), rows=50)
        return [v for v in attrs.asdict(times, recurse=False).values() if v is not None]

    return Trial((), call)


CHECKS = (
    check_times_have_the_shapes_asked_for,
    check_times_stay_in_the_range_of_the_path,
    check_direction_is_the_declared_one,
    check_capabilities_are_known,
    check_marked_rows_are_tangent_rows,
    check_trained_steps_are_a_number,
    check_secants_that_are_drawn_are_practised,
    check_r_lies_between_t_and_s,
    check_weights_of_r_sum_to_1,
    check_r_follows_the_law_asked_for,
    check_draws_of_r_are_independent,
    check_tau_is_independent_of_t,
    check_t_and_s_do_not_depend_on_the_loss,
    check_another_generator_gives_other_times,
    check_state_survives_json,
    *purity_checks(_trial)[1:],
)
