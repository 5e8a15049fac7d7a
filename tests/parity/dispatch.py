"""Which function compares which case: a table in pieces, one in every module `case_*.py` here.

A module may bring two things, and every module is read, so that a new one needs no change here:

- `KINDS`, name -> what tells a file of this kind by its sidecar. File names mean nothing.
- `ROWS`, what compares the cases of a kind.

A file of no kind or of two, and a case of no row or of two, are failures.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from .comparison import Case
from .golden import Golden

Sidecar = dict[str, Any]


@attrs.frozen
class Row:
    """Cases of a name in files of a kind, both regular expressions, and what compares them."""

    kind: str
    case: str
    compare: Callable[[Case], None]

    def fits(self, kind: str, case: str) -> bool:
        return bool(re.fullmatch(self.kind, kind) and re.fullmatch(self.case, case))


def kind_of(golden: Golden) -> str:
    """What a file is about."""
    kinds = [name for name, is_one in _table().kinds.items() if is_one(golden.sidecar)]
    assert len(kinds) == 1, (
        f"{golden.stem}: its sidecar must be of one known kind, not {kinds or 'of none'}; "
        f"known: {', '.join(_table().kinds)}"
    )
    return kinds[0]


def comparison_of(kind: str, case: str) -> Callable[[Case], None] | None:
    """What compares a case; None where no row knows it."""
    rows = [row for row in _table().rows if row.fits(kind, case)]
    assert len(rows) <= 1, f"{case!r} of a file about {kind}: {len(rows)} rows"
    return rows[0].compare if rows else None


@attrs.frozen
class _Table:
    kinds: dict[str, Callable[[Sidecar], bool]] = attrs.field(factory=dict)
    rows: list[Row] = attrs.field(factory=list)


@functools.cache
def _table() -> _Table:
    table = _Table()
    for found in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if found.name.startswith("case_"):
            module = importlib.import_module(f"{__package__}.{found.name}")
            table.kinds.update(getattr(module, "KINDS", {}))
            table.rows.extend(getattr(module, "ROWS", ()))
    return table
