"""Checks of an augmentation: what it gives, by whose numbers, and that it says what it did."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.errors import UserError
from secantfw.interfaces.augmentation import Augmentation, Augmented, RowDraws
from secantfw.testing.check import Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.site import SPECS
from secantfw.testing.subject import Subject

_ROWS = 48
#: Of the largest value: a resampling that goes nowhere rounds.
_ROUNDING = 1e-3


def check_items_keep_their_shape(subject: Subject) -> None:
    """Changed items are finite float32 (B, *); `told` is finite float32 (B, A)."""
    x_0 = _items(subject)
    found = _applied(subject, x_0)
    for name, value in (("x_0", found.x_0), ("told", found.told)):
        said = f"{name} is {value.dtype} {tuple(value.shape)}"
        require(value.dtype == torch.float32 and len(value) == _ROWS, f"{said} for {_ROWS} rows")
        require(value.isfinite().all(), f"{name} is not finite")
    require(found.x_0.shape == x_0.shape, f"x_0 becomes {tuple(found.x_0.shape)}")
    require(found.told.ndim == 2, f"told is {tuple(found.told.shape)}, expected (B, A)")


def check_another_generator_another_change(subject: Subject) -> None:
    """It changes items, by numbers of the generator that it is given, row by row."""
    x_0 = _items(subject)
    first, second = _applied(subject, x_0, seed=0), _applied(subject, x_0, seed=1)
    require(not same(first.x_0, second.x_0), "gives the same items whatever the generator")
    alike = _applied(subject, x_0[:1].expand_as(x_0).contiguous())
    differs = (alike.told - alike.told[:1]).any() or (alike.x_0 - alike.x_0[:1]).any()
    require(differs, "changes every row alike")


def check_untold_items_are_unchanged(subject: Subject) -> None:
    """A row of zeros in `told` says that nothing was done, and so do equal items: sampling, where
    nothing is told, is at the data themselves."""
    x_0 = _items(subject)
    untold = False
    for seed in range(8):
        found = _applied(subject, x_0, seed)
        zero = ~found.told.any(1)
        untold = untold or bool(zero.any())
        moved = _moved(found.x_0, x_0)
        require(not (moved & zero).any(), "changes items, and says by zeros that it did not")
        require(not (~moved & ~zero).any(), "says that it changed items which are as they were")
    if not untold:
        raise Skip("changes every item at these options")


def check_rows_are_those_of_the_whole_batch(subject: Subject) -> None:
    """A process that has some of the rows changes them as one that has all."""
    x_0, own = _items(subject), slice(5, 17)
    whole = _applied(subject, x_0)
    draws = RowDraws(torch.Generator().manual_seed(0), _ROWS, own)
    part = subject.object(x_0[own].clone(), draws)
    require(len(part.x_0) == 12, f"gives {len(part.x_0)} items of 12; draw by draws.rows")
    good = same(part.told, whole.told[own]) and not _moved(part.x_0, whole.x_0[own]).any()
    require(good, "a part of the batch is changed in another way; draw by draws.rows")


def _applied(subject: Subject, x_0: Tensor, seed: int = 0) -> Augmented:
    augmentation: Augmentation = subject.object
    return augmentation(x_0.clone(), RowDraws(torch.Generator().manual_seed(seed), _ROWS))


def _items(subject: Subject) -> Tensor:
    """Random items of the first shape that it takes, no two of them alike, (48, *)."""
    reasons = []
    for spec in SPECS if subject.spec is None else (subject.spec,):
        x_0 = torch.randn((_ROWS, *spec.shape), generator=torch.Generator().manual_seed(2))
        try:
            _applied(subject, x_0)
        except UserError as error:
            reasons.append(error)
        else:
            return x_0
    raise reasons[0]


def _moved(x: Tensor, before: Tensor) -> Tensor:
    """Which rows differ by more than rounding, (B,)."""
    return (x - before).flatten(1).abs().amax(1) > _ROUNDING * before.abs().max()


def _trial(subject: Subject) -> Trial:
    x_0 = _items(subject)

    def call() -> list[Tensor]:
        draws = RowDraws(torch.Generator().manual_seed(0), _ROWS)
        found = subject.object(x_0, draws)
        return [found.x_0, found.told]

    return Trial((x_0,), call)


CHECKS = (
    check_items_keep_their_shape,
    check_another_generator_another_change,
    check_untold_items_are_unchanged,
    check_rows_are_those_of_the_whole_batch,
    *purity_checks(_trial),
)
