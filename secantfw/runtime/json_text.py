"""One strict reader for JSON that others may have written: no number or depth that lies in wait.

Python's own takes NaN and 1e999 for numbers, lets a text hold half a character that no stream can
print, and ends in RecursionError where brackets are deep.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
#: Beyond it an integer is no longer a float's, nor a field's of any file.
MAX_INTEGER = 2**63

# Cheap signs that the parsed value has to be walked; a million lines of a log have none of them.
_SUSPICIOUS = re.compile(rb"NaN|Infinity|\\u[dD][89a-fA-F]|[0-9]{19}|[eE]\+?[0-9]{3}")


def parse_json(content: bytes, *, nan: bool = False) -> Any:
    """The value that UTF-8 `content` says; with `nan` NaN is a number.

    Raises:
        ValueError: not JSON; numbers that are not finite or wider than 64 bits, brackets nested
            deeper than 64, lone surrogates.
    """
    try:
        value = json.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except RecursionError:
        raise ValueError("brackets nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    except ValueError:  # int() refuses thousands of digits
        raise ValueError("a number of thousands of digits") from None
    deep = content.count(b"[") + content.count(b"{") > MAX_DEPTH
    if deep or _SUSPICIOUS.search(content):
        _check(value, nan)
    return value


def _check(value: Any, nan: bool) -> None:
    """Walk it without recursion."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, dict):
            _check_texts(one)
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]
        elif isinstance(one, str):
            _check_texts((one,))
        elif isinstance(one, int) and not -MAX_INTEGER <= one < MAX_INTEGER:
            raise ValueError("an integer wider than 64 bits")
        elif isinstance(one, float) and not (math.isfinite(one) or (nan and math.isnan(one))):
            raise ValueError("a number that is not finite")
        if depth > MAX_DEPTH and isinstance(one, (dict, list)):
            raise ValueError(f"brackets nested deeper than {MAX_DEPTH}")


def _check_texts(texts: Any) -> None:
    for text in texts:
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise ValueError("a text with a lone surrogate")
