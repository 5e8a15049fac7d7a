"""Comparing results, and the account of what was compared."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from .golden import Golden, suffix_of
from .tolerance import SAME_BITS, limit


@attrs.define
class Account:
    """Over the whole session: how many results there were, and how many were compared."""

    files: set[str] = attrs.field(factory=set)
    total: int = 0
    compared: int = 0
    worst: dict[str, float] = attrs.field(factory=dict)  # by precision
    float64: dict[str, dict[str, float]] = attrs.field(factory=dict)  # by file and name

    def lines(self) -> list[str]:
        worst = ", ".join(f"{key} {value:.1e}" for key, value in sorted(self.worst.items()))
        same = sum(map(self.has_the_bits_of, self.float64))
        bits = f"bits of exp: those of {same} of {len(self.float64)} files with float64 results"
        return [
            f"worst relative difference: {worst or 'nothing compared'} ({bits})",
            f"compared {self.compared} of {self.total} out/ and derived/ tensors in "
            f"{len(self.files)} files, {self.total - self.compared} skipped",
        ]

    def has_the_bits_of(self, stem: str) -> bool:
        """Whether most float64 results of a file agree as only equal bits do."""
        differences = self.float64.get(stem, {}).values()
        return 2 * sum(d <= SAME_BITS for d in differences) > len(differences)


class Case:
    """One case of one file: what its results must be, and which are compared already."""

    def __init__(self, golden: Golden, name: str, account: Account) -> None:
        self.golden, self.name, self.account = golden, name, account
        self.names = golden.cases()[name]
        self.open = set(self.names)

    def check(self, name: str, actual: Tensor, tolerance: float | None = None) -> None:
        """max|a - b| / max|b| against the tolerance of the file, integers exactly."""
        expected = self.golden[name]
        assert actual.shape == expected.shape, f"{name}: {actual.shape}, not {expected.shape}"
        if not expected.is_floating_point():
            assert torch.equal(actual, expected), name
            difference = 0.0
        else:
            difference = relative_difference(actual, expected)
        suffix = suffix_of(name)
        allowed = limit(self.golden, suffix) if tolerance is None else tolerance
        assert difference <= allowed, f"{name}: {difference:.2e} > {allowed:.1e}, relative"
        self._count(name, difference)
        if suffix == ".f64" and tolerance is None:
            self.account.float64.setdefault(self.golden.stem, {})[name] = difference

    def accept(self, name: str) -> None:
        """Count a result that no number can be compared with: an input, or an infinite end that
        the caller has compared exactly."""
        self._count(name, 0.0)

    def finish(self) -> None:
        """Every result of the case must have been compared."""
        assert not self.open, f"not compared: {sorted(self.open)}"

    def _count(self, name: str, difference: float) -> None:
        self.open.remove(name)
        self.account.compared += 1
        key = suffix_of(name).removeprefix(".") or "other"
        self.account.worst[key] = max(self.account.worst.get(key, 0.0), difference)


def relative_difference(actual: Tensor, expected: Tensor) -> float:
    """max|a - b| / max|b| in float64; infinite where a is not finite."""
    a, b = actual.detach().double(), expected.double()
    if not torch.isfinite(a).all():
        return float("inf")
    scale = b.abs().max().item()
    difference = (a - b).abs().max().item()
    return difference / scale if scale else difference
