"""Counts stay within budget.toml: what rises there, rises by an edit."""

from __future__ import annotations

import pytest
from budget import module_entries, sampler_entries, training_entries

pytestmark = pytest.mark.plugin("basics", "data", "picard", "sit")


@pytest.mark.parametrize("entries", [sampler_entries, training_entries, module_entries])
def test_no_count_is_above_its_budget(entries):
    over = [entry for entry in entries() if entry.found > entry.allowed]
    assert not over
