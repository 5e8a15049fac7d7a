"""P12: the counts of budget.toml, measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs
import tomli
import torch
from figures import Figure

FILE = Path(__file__).with_name("budget.toml")


@attrs.frozen
class Entry:
    """One count and what it may be."""

    what: str
    allowed: float
    found: float


def allowed() -> dict[str, dict[str, float]]:
    return tomli.loads(FILE.read_text())


def sampler_entries() -> Iterator[Entry]:
    from sampler_rows import beyond_network, ours, syncs_on_a_gpu

    budget, x = allowed()["sampler"], torch.randn(1, 3, 8, 8)
    found = beyond_network(lambda f, x, n: ours("secantfw secant", f, x, n), x)
    yield Entry("sampler operations", budget["operations_beyond_network"], found)
    yield Entry("sampler syncs", budget["syncs"], syncs_on_a_gpu())


def training_entries() -> Iterator[Entry]:
    from fake_step import traffic
    from small_sit import LOSSES

    budget = allowed()["training"]
    with tempfile.TemporaryDirectory() as folder:
        for loss in LOSSES:
            for guided in (False, True):
                name = f"{loss}{' guided' if guided else ''}"
                for step in traffic(Path(folder), loss, guided):
                    yield Entry(f"{name} syncs", budget["syncs"], len(step.syncs))
                    copies = len(step.to_device)
                    yield Entry(f"{name} copies", budget["copies_to_device"], copies)


def module_entries() -> Iterator[Entry]:
    from start_up_rows import modules_of

    for verb, limit in allowed()["modules"].items():
        yield Entry(f"{verb} modules", limit, modules_of(verb))


def p12() -> list[Figure]:
    """How many counts are above the budget."""
    entries = [*sampler_entries(), *training_entries(), *module_entries()]
    over = sum(entry.found > entry.allowed for entry in entries)
    return [Figure("P12", f"counts above budget.toml, of {len(entries)}", over, "", 0)]
