"""A plug-in of options classes only: what structuring needs, and no network or data."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import attrs
import pluggy

import secantfw
from secantfw import hookspecs
from secantfw.discovery.records import LoadedPlugin, Plugins
from secantfw.discovery.registry import Register, Registry

ASSETS = Path(__file__).parent / "assets"

#: An experiment of toy components, with lists and tables in it.
GOOD = """\
schema = 1
title = "toy"

[dataset]
use = "digits"

[backbone]
use = "net"
width = 16

[teacher]
use = "net"
weights = "asset:toy/teacher"

[loss]
use = "sdei"
weighting = [
  1,
  2.5,
]
terms = [{ weight = 1 }, { weight = 2, power = 3 }]

[time_sampler]
use = "segments"

[train]
steps = 10
batch_size = 4

[evaluate]
solvers = ["secant", { use = "euler", order = 2 }]
"""


@attrs.frozen
class DataOptions:
    labels: bool = secantfw.option(True, "give the labels")
    folder: str | None = secantfw.option(None, "pictures", is_path=True)
    images: str = secantfw.option("asset:toy/images", "the images' file", is_path=True)


@attrs.frozen
class NetworkOptions:
    width: int | None = secantfw.option(None, "channels; by default the weights'", ge=8)
    patch: int = secantfw.option(4, "pixels", ge=1)


@attrs.frozen
class TeacherOptions:
    weights: str | None = secantfw.option(None, "safetensors file", is_path=True)


@attrs.frozen
class Term:
    weight: float = secantfw.option(secantfw.REQUIRED, "factor of the term", gt=0)
    power: int = secantfw.option(2, "exponent")


@attrs.frozen
class LossOptions:
    draws: int = secantfw.option(1, "interior times per sample", ge=1)
    tangent: Literal["self", "teacher"] = secantfw.option("teacher", "where the tangent is from")
    weighting: tuple[float, ...] = secantfw.option((1.0,), "factors", nonempty=True)
    terms: tuple[Term, ...] = secantfw.option((), "further terms")
    main: Term = secantfw.option(Term(1.0), "the main term")


@attrs.frozen
class OtherLossOptions:
    scale: float = secantfw.option(secantfw.REQUIRED, "size of the step", unit="data std", gt=0)


@attrs.frozen
class SegmentsOptions:
    segments: int = secantfw.option(4, "equal parts of [0, 1]", ge=1)
    direction: Literal["generate", "both"] = secantfw.option("generate", "which way")


@attrs.frozen
class SolverOptions:
    order: int = secantfw.option(1, "order", ge=1, le=2)


@attrs.frozen
class Empty:
    """No options."""


class Hooks:
    """A hook module must be a module or an instance; this one checks one thing."""

    @secantfw.hookimpl
    def secantfw_check(self, experiment):
        if experiment.seed == 13:
            yield secantfw.Problem("thirteen is unlucky", key="seed")


def register_toy(register: Register) -> None:
    def here(name):
        return f"toy:{name}"

    register.asset("toy/images", "images.npz")
    register.asset("toy/teacher", "teacher.safetensors")
    register.path("linear", here("Linear"), options=here("Empty"))
    register.path("vp", here("VP"), options=here("Empty"))
    register.dataset("digits", here("Digits"), options=here("DataOptions"))
    register.backbone("net", here("Net"), options=here("NetworkOptions"))
    register.teacher("net", here("NetTeacher"), options=here("TeacherOptions"))
    register.loss("sdei", here("Sdei"), options=here("LossOptions"))
    register.loss("other", here("Other"), options=here("OtherLossOptions"))
    register.time_sampler("segments", here("Segments"), options=here("SegmentsOptions"))
    for name in ("secant", "heun", "midpoint"):
        register.solver(name, here(name), options=here("Empty"))
    register.solver("euler", here("Euler"), options=here("SolverOptions"))
    register.metric("trajectory", here("Trajectory"), options=here("Empty"))


def toy_plugins() -> Plugins:
    """The toy plug-in, and a second one that claims the name `other` too."""
    sys.modules.setdefault("toy", sys.modules[__name__])
    manager = pluggy.PluginManager("secantfw")
    manager.add_hookspecs(hookspecs)
    manager.register(Hooks(), name="toy")
    registry = Registry()
    toy = Register("toy", ASSETS)
    register_toy(toy)
    toy.into(registry)
    rival = Register("rival", ASSETS)
    rival.loss("other", "toy:Other", options="toy:OtherLossOptions")
    rival.into(registry)
    loaded = [LoadedPlugin(name, "test", 0.0, sys.modules["toy"]) for name in ("toy", "rival")]
    return Plugins(manager, registry, loaded, [])
