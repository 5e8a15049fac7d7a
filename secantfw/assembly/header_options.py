"""Sizes that a weights file claims, before anything is built of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from secantfw.errors import UserError, printable
from secantfw.experiment.keys import shown
from secantfw.interfaces.records import WeightsHeader
from secantfw.options import option_info


def check_options(header: WeightsHeader, records: Sequence[Any]) -> None:
    """Hold what a header says of its network against the options, of the same names, of `records`.

    Raises:
        UserError: another type, or a number that no experiment could say.
    """
    for record in records:
        hints = get_type_hints(type(record))
        for field in attrs.fields(type(record)):
            if field.name not in header.options or not field.init:
                continue
            value = header.options[field.name]
            wrong = _wrong_type(value, hints[field.name]) or option_info(field).complaint(value)
            if wrong:
                raise UserError(f"{printable(header.file)}: its header says {field.name}: {wrong}")


def _wrong_type(value: Any, hint: Any) -> str:
    """What is expected where a number, a list of numbers or a truth value is; else empty."""
    kinds = get_args(hint) if get_origin(hint) is Union or isinstance(hint, _UNION) else (hint,)
    if value is None:
        return ""
    if bool in kinds and type(value) is not bool:
        return f"expected true or false, got {shown(value)}"
    if int in kinds and type(value) is not int:
        return f"expected an integer, got {shown(value)}"
    if float in kinds and not _is_number(value):
        return f"expected a number, got {shown(value)}"
    lists = any(get_origin(kind) is tuple for kind in kinds)
    if lists and not (isinstance(value, list) and all(map(_is_number, value))):
        return f"expected a list of numbers, got {shown(value)}"
    return ""


_UNION = type(int | None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
