"""`option()`: one line declares an option's type, default, help, unit and bounds.

That line feeds validation (`secantfw.experiment.structure`), `secantfw describe` and the
documentation. This module imports neither torch nor anything heavy, so an options class may live
in a module that every listing reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

METADATA_KEY = "secantfw.option"


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Any = _Required()


@attrs.frozen
class OptionInfo:
    """What `option()` was told, kept in the attrs field's metadata."""

    help: str
    unit: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    choices: tuple[Any, ...] = ()
    is_path: bool = False
    is_data: bool = False
    nonempty: bool = False
    formerly: str = ""
    known_as: Sequence[str] = ()
    same_result: bool = False
    saves_memory: bool = False
    limit: int | None = None

    def bounds(self) -> str:
        """The bounds as text: `>= 1, < 10`."""
        pairs = ((">=", self.ge), (">", self.gt), ("<=", self.le), ("<", self.lt))
        return ", ".join(f"{sign} {bound:g}" for sign, bound in pairs if bound is not None)

    def complaint(self, value: Any) -> str | None:
        """Why `value` (already of the right type) is not allowed, or None if it is."""
        if isinstance(value, Mapping) or value is None:
            return None
        if isinstance(value, Sequence) and not isinstance(value, str):
            if self.nonempty and not value:
                return "expected at least one value, got none"
            return next((c for c in map(self.complaint, value) if c is not None), None)
        if self.choices and value not in self.choices:
            return f"expected one of {', '.join(map(repr, self.choices))}, got {value!r}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._out_of_bounds(value)
        return None

    def _out_of_bounds(self, value: float) -> str | None:
        if not math.isfinite(value):
            return f"expected a finite number, got {value}"
        inside = (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )
        if not inside:
            return f"expected {self.bounds()}, got {value}"
        if self.limit is not None and value > self.limit:
            return f"expected at most {self.limit:,}, got {value}"
        return None


def option(
    default: Any,
    help: str,
    *,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: Sequence[Any] = (),
    is_path: bool = False,
    is_data: bool = False,
    nonempty: bool = False,
    formerly: str = "",
    known_as: Sequence[str] = (),
    same_result: bool = False,
    saves_memory: bool = False,
    limit: int | None = None,
) -> Any:
    """Declare an option of a component, as a field of an attrs class.

    Args:
        default: the value when the experiment does not name the option; `REQUIRED` for none.
        help: one sentence for `secantfw describe`.
        unit: what the number counts, where the name does not say it (`data std`).
        ge, gt, le, lt: inclusive and exclusive bounds; they hold for each element of a list.
        choices: the values allowed.
        is_path: the text names a file or folder; relative ones are resolved against the file that
            says it, and `asset:NAME` against the files that plug-ins ship. A run may find it at
            another place later, if the SHA-256 of its content is the same.
        is_data: such a path holds the items of the data set that is built with it: later places
            are compared by the items that they give, whatever the files, and none is read whole.
        nonempty: an empty list is refused.
        formerly: the name it had; an experiment that still says it is told the new one.
        known_as: names that people type for it ("lr"), for which it is suggested.
        same_result: every value computes the same numbers, but for rounding (which kernel, which
            layout): no part of a teacher's fingerprint.
        saves_memory: set to true, a step takes less memory; told to who has too little.
        limit: an upper bound beyond all sense, for what memory or time is spent on at once; it is
            no range to choose from, and is not listed.

    Raises:
        ValueError: at construction of the attrs class, where the value breaks a bound.
    """
    if is_data and not is_path:
        raise TypeError("option(): is_data says more of a path; say is_path too")
    bounds = (ge, gt, le, lt)
    info = OptionInfo(
        help,
        unit,
        *bounds,
        tuple(choices),
        is_path,
        is_data,
        nonempty,
        formerly,
        tuple(known_as),
        same_result,
        saves_memory,
        limit,
    )

    def check(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        complaint = info.complaint(value)
        if complaint is not None:
            raise ValueError(f"{attribute.name}: {complaint}")

    metadata = {METADATA_KEY: info}
    if default is REQUIRED:
        return attrs.field(validator=check, metadata=metadata)
    if isinstance(default, (list, dict)):
        raise TypeError("option(): a mutable default is shared between runs; use a tuple")
    return attrs.field(default=default, validator=check, metadata=metadata)


def option_info(field: attrs.Attribute[Any]) -> OptionInfo:
    """The `OptionInfo` of an attrs field; an empty one for a field not made by `option()`."""
    info = field.metadata.get(METADATA_KEY)
    return info if isinstance(info, OptionInfo) else OptionInfo(help="")
