"""An entry point: the name of a plug-in and where its module is."""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any

import attrs

#: `module`, `module:attribute`, either with extras behind it, which say nothing here.
_VALUE = re.compile(r"(?P<module>[\w.]+)\s*(:\s*(?P<attribute>[\w.]+)\s*)?(\[.*\]\s*)?")


@attrs.frozen
class Entry:
    """`name = value` of a distribution, given by name and version."""

    name: str
    value: str
    distribution: str

    def load(self) -> Any:
        """What `value` names, imported.

        Raises:
            ValueError: it is not of the form of an entry point.
            Exception: whatever importing it raises.
        """
        match = _VALUE.fullmatch(self.value)
        if match is None:
            raise ValueError(f"its entry point {self.value!r} is not of the form 'module:name'")
        names = (match["attribute"] or "").split(".")
        module = importlib.import_module(match["module"])
        return functools.reduce(getattr, filter(None, names), module)
