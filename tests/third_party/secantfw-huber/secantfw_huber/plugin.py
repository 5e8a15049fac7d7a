"""What this plug-in brings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import secantfw

SECANTFW_API = 1


@secantfw.hookimpl
def secantfw_components(register: secantfw.Register) -> None:
    register.loss(
        "huber",
        "secantfw_huber.loss:HuberPicard",
        options="secantfw_huber.options:HuberOptions",
        summary="Picard distillation under a Huber norm, for tangents with rare large errors",
        cite=["doi:10.1214/aoms/1177703732"],
    )


@secantfw.hookimpl
def secantfw_experiments() -> Iterable[Path]:
    return [Path(__file__).parent / "experiments"]
