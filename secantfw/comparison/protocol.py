"""How a number was measured: what two numbers must share to stand in one column."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import attrs

from secantfw.comparison.run_record import ComparedRun
from secantfw.evaluation.measured_row import Column, Row
from secantfw.runtime.json_text import parse_json

#: Part of the protocol where the evaluation has no stamp of its own.
_SETTINGS = ("guidance.scale", "guidance.interval")


@attrs.frozen
class Protocol:
    """Names and texts, sorted; `differences` are those in which it differs from the others."""

    stamp: tuple[tuple[str, str], ...]
    differences: tuple[tuple[str, str], ...] = attrs.field(default=(), eq=False)

    def text(self) -> str:
        """What sets it apart, in one line; empty where there is no other protocol."""
        return ", ".join(f"{name} {value}" for name, value in self.differences)


def protocol_of(run: ComparedRun, row: Row, column: Column) -> Protocol:
    """How the number `row[column]` of a run that was evaluated came about.

    Of several seeds only the number counts: they are what a spread is over.
    """
    assert run.evaluation is not None
    said = dict(run.evaluation.stamp_of(row, column.key))
    if not said:
        said = {key: run.settings[key] for key in _SETTINGS if key in run.settings}
        said.update(run.evaluation.unstamped, stamp="none")
    seeds = _count(said.pop("seeds", "[0]"))
    if seeds > 1:
        said["seeds"] = f"mean over {seeds}"
    return Protocol(tuple(sorted(said.items())))


@lru_cache(maxsize=1000)
def _count(text: str) -> int:
    """How many seeds a stamp names; one where it names none that can be read."""
    try:
        seeds = parse_json(text.encode())
    except ValueError:
        return 1
    return len(seeds) if isinstance(seeds, list) else 1


def with_differences(protocols: Iterable[Protocol]) -> dict[Protocol, Protocol]:
    """Each protocol with what not all of them share."""
    known = list(protocols)
    names = sorted({name for protocol in known for name, _ in protocol.stamp})
    values = {name: {dict(p.stamp).get(name, "(not said)") for p in known} for name in names}
    return {
        p: attrs.evolve(
            p,
            differences=tuple(
                (name, dict(p.stamp).get(name, "(not said)"))
                for name in names
                if len(values[name]) > 1
            ),
        )
        for p in known
    }
