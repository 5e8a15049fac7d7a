"""Component: what the registry knows of one loss, network, solver ... before importing it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

Kind = Literal[
    "path",
    "dataset",
    "augmentation",
    "backbone",
    "teacher",
    "loss",
    "time_sampler",
    "solver",
    "metric",
    "engine",
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
    #: Options as TOML values with which it can be built anywhere.
    example: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    #: Conformance checks that it fails on purpose, each with the reason.
    expected_failures: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    #: Import string of a torch-free function that says why it cannot run here; see `Register`.
    probe: str | None = None
    #: What people type who know it by another name.
    known_as: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.plugin}:{self.name}"


@attrs.frozen
class Asset:
    """A file that a plug-in ships."""

    name: str
    plugin: str
    file: Path
