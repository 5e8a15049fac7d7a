"""Component: what the registry knows of one loss, network, solver ... before importing it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs

Kind = Literal[
    "path", "dataset", "backbone", "teacher", "loss", "time_sampler", "solver", "metric"
]


@attrs.frozen
class Component:
    """A registered component. `target` and `options` are import strings."""

    kind: Kind
    plugin: str
    name: str
    target: str
    options: str | None
    summary: str
    cite: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"{self.plugin}:{self.name}"


@attrs.frozen
class Asset:
    """A file that a plug-in ships."""

    name: str
    plugin: str
    file: Path
