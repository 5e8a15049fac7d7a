"""Successive halving (arXiv:1502.07943): many candidates on few samples, the best on more."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import attrs

from secantfw.baselines.records import Candidate

#: How many enter the last rung, and the one before it; before that, the best quarter.
_LAST, _LAST_BUT_ONE = 3, 12


@attrs.frozen
class Scored:
    """A candidate's value of a number of samples."""

    candidate: Candidate
    score: float
    samples: int


#: The value of a candidate on a number of samples; None if it has none.
Score = Callable[[Candidate, int], float | None]


def halve(
    pool: Sequence[Candidate], rungs: Sequence[int], score: Score, *, lower_is_better: bool
) -> list[Scored]:
    """The best after the last rung, the best first; at most 3 enter it.

    Each rung measures what is left on as many samples. Candidates of equal value are one method.
    """
    left, found = list(pool), list[Scored]()
    for number, samples in enumerate(rungs):
        found = scored(left, samples, score, lower_is_better=lower_is_better)
        left = [one.candidate for one in found[: _kept(len(found), len(rungs) - number - 1)]]
    return found


def measurements(count: int, rungs: int) -> int:
    """How many `halve` makes of so many candidates, at most."""
    made, left = 0, count
    for number in range(rungs):
        made += left
        left = min(left, _kept(left, rungs - number - 1))
    return made


def scored(
    pool: Sequence[Candidate], samples: int, score: Score, *, lower_is_better: bool
) -> list[Scored]:
    """Those of the pool that have a value, the best first, each value once."""
    values = [(candidate, score(candidate, samples)) for candidate in pool]
    finite = [(c, v) for c, v in values if v is not None and math.isfinite(v)]
    sign = 1 if lower_is_better else -1
    best = sorted(finite, key=lambda pair: sign * pair[1])  # stable: the first named wins a tie
    once = {value: candidate for candidate, value in reversed(best)}
    return [Scored(once[value], value, samples) for value in dict.fromkeys(v for _, v in best)]


def _kept(count: int, rungs_left: int) -> int:
    if rungs_left <= 1:
        return _LAST
    return _LAST_BUT_ONE if rungs_left == 2 else max(_LAST_BUT_ONE, math.ceil(count / 4))
