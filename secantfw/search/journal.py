"""Finished measurements of a search, on disk: one JSON line each, so that a killed one goes on.

{"key": {"solver": {"use": "basics:euler"}, "steps": 4, ...}, "values": {"256": {...}}}
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from secantfw.runtime.files import finite
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.regular_file import appending, read_regular
from secantfw.runtime.run_folder import MOST_BYTES

#: Values by the number of samples, then by the metric's key.
Values = Mapping[int, Mapping[str, float]]


@attrs.frozen
class Measurement:
    """The values of one candidate, or why there are none."""

    values: Values = attrs.field(factory=dict)
    failure: str = ""


class Journal:
    """The file of measurements; a last line that was torn is measured again.

    Raises:
        OSError: the file cannot be read or written.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._known: dict[str, Measurement] = {}
        if os.path.lexists(file):
            self._read()

    def get(self, key: Mapping[str, Any]) -> Measurement | None:
        return self._known.get(_text(key))

    def put(self, key: Mapping[str, Any], found: Measurement) -> None:
        """Append a line, on disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        record = {"failure": found.failure} if found.failure else {"values": finite(found.values)}
        line = json.dumps({"key": key, **record}, sort_keys=True, allow_nan=False) + "\n"
        with appending(self._file) as stream:
            stream.write(line.encode())
            stream.flush()
            os.fsync(stream.fileno())
        self._known[_text(key)] = found

    def _read(self) -> None:
        content = read_regular(self._file, MOST_BYTES)
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self._file, whole)
        for line in content[:whole].splitlines():
            try:
                record = parse_json(line)
                found = Measurement(_values(record.get("values", {})), record.get("failure", ""))
                self._known[_text(record["key"])] = found
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # a line that a failing disk has spoilt is measured again


def _text(key: Mapping[str, Any]) -> str:
    return json.dumps(key, sort_keys=True)


def _values(record: Any) -> Values:
    return {
        int(samples): {k: math.nan if v is None else float(v) for k, v in values.items()}
        for samples, values in record.items()
    }
