"""The checks themselves are checked: each seeded bug is caught, each loss as it is passes."""

from __future__ import annotations

from collections import Counter

import pytest

from .checks import failed_checks
from .mutations import MUTATIONS, SHARED_PATCHES, Mutation
from .subject import CLASS_OF, subject


@pytest.mark.parametrize("name", CLASS_OF)
def test_the_loss_as_it_is_passes_every_check(name: str) -> None:
    assert failed_checks(subject(name)) == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_seeded_bug_is_caught_by_the_checks_listed_for_it(mutation: Mutation) -> None:
    failed = failed_checks(subject(mutation.loss, mutation.patch))
    assert set(mutation.caught_by) <= failed
    assert mutation.caught_by


def test_every_loss_has_at_least_eight_different_bugs_of_its_own() -> None:
    counts = Counter(m.loss for m in MUTATIONS if m.patch not in SHARED_PATCHES)
    assert set(counts) == set(CLASS_OF)
    assert min(counts.values()) >= 8
    assert len({(m.loss, m.patch) for m in MUTATIONS}) == len(MUTATIONS)
