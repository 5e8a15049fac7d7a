"""One strict reader for JSON that others may have written: no number or depth that lies in wait.

Python's own takes NaN and 1e999 for numbers, lets a text hold half a character that no stream can
print, and ends in RecursionError where brackets are deep.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

MAX_DEPTH = 64
#: Beyond it an integer is no longer a float's, nor a field's of any file.
MAX_INTEGER = 2**63
_MOST_DIGITS = 20

# Without one of these shapes no number can be too wide or infinite, and none has to be looked at.
_SHAPE = bytes.maketrans(b"123456789E-", b"000000000e+")
_WIDE = (b"0" * 19, b"e000", b"e+000")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class _Refused(ValueError):
    """Valid JSON that is not taken; the message says why."""


def parse_json(content: bytes, *, nan: bool = False, unique: bool = False) -> Any:
    """The value that UTF-8 `content` says; with `nan` NaN is a number,
    with `unique` no name stands twice in an object.

    Raises:
        ValueError: not JSON; numbers that are not finite or wider than 64 bits, brackets nested
            deeper than 64, lone surrogates.
    """
    try:
        value = _decoder(content, nan, unique).decode(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except RecursionError:
        raise ValueError("brackets nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and _depth(content) > MAX_DEPTH:
        raise ValueError(f"brackets nested deeper than {MAX_DEPTH}")
    if b"\\u" in content:
        _check_texts(value)
    return value


def _integer(text: str) -> int:
    value = int(text) if len(text) <= _MOST_DIGITS else MAX_INTEGER
    if not -MAX_INTEGER <= value < MAX_INTEGER:
        raise _Refused("an integer wider than 64 bits")
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused("a number that is not finite")
    return value


def _no_number(name: str) -> NoReturn:
    raise _Refused(f"{name}, which is not finite")


def _nan_alone(name: str) -> float:
    return math.nan if name == "NaN" else _no_number(name)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused("a name that stands twice")
    return found


def _decoder(content: bytes, nan: bool, unique: bool) -> json.JSONDecoder:
    """A quick one where that is as strict."""
    shape = content.translate(_SHAPE)
    quick = not unique and not any(wide in shape for wide in _WIDE)
    return _QUICK[nan] if quick else _DECODERS[nan, unique]


_QUICK = {
    nan: json.JSONDecoder(parse_constant=_nan_alone if nan else _no_number)
    for nan in (False, True)
}
_DECODERS = {
    (nan, unique): json.JSONDecoder(
        parse_int=_integer,
        parse_float=_number,
        parse_constant=_nan_alone if nan else _no_number,
        object_pairs_hook=_without_twins if unique else None,
    )
    for nan in (False, True)
    for unique in (False, True)
}


def _depth(content: bytes) -> int:
    """How deep the brackets are outside of texts."""
    depth = deepest = 0
    for bracket in _TEXT.sub(b"", content).translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _check_texts(value: Any) -> None:
    """Refuse lone surrogates; the value is no deeper than `MAX_DEPTH`."""
    texts: Iterable[Any] = ()
    if isinstance(value, str):
        texts = (value,)
    elif isinstance(value, dict):
        texts = value
    for text in texts:
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise _Refused("a text with a lone surrogate")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_texts(inner)
