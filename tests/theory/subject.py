"""A loss with its sampler and path, as the checks see it; made from patched source on request."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from secantfw import Path, SecantLoss, TimeSampler

#: loss -> sampler with intervals of every length: long ones show a wrong estimate best.
SAMPLER_OF: dict[str, tuple[str, dict[str, object]]] = {
    "sdei": ("continuous", {"segments": 1}),
    "stei": ("continuous", {"segments": 1}),
    "sdee": ("continuous", {"segments": 1, "direction": "both"}),
    "stee": ("continuous", {"segments": 1, "direction": "both"}),
    "tangent": ("equal", {}),
    "monte_carlo": ("continuous", {"segments": 1}),
    "runge_kutta": ("continuous", {"segments": 1}),
}
CLASS_OF = {
    "sdei": "SDEI", "stei": "STEI", "sdee": "SDEE", "stee": "STEE", "tangent": "Tangent",
    "monte_carlo": "MonteCarlo", "runge_kutta": "RungeKutta",
}  # fmt: skip
_ALONG_THE_TEACHER = ("monte_carlo", "runge_kutta")
_PACKAGES = ("secantfw_picard", "secantfw_montecarlo", "secantfw_basics")


@attrs.frozen
class Patch:
    """Replace `old`, which occurs once in the module's source, by `new`."""

    module: str
    old: str
    new: str


@attrs.frozen
class Subject:
    """The classes of one loss and its surroundings; `loss(K=3, ...)` builds it with options."""

    name: str
    loss_class: Any
    options_class: Any
    sampler: TimeSampler
    linear: Path
    trigonometric: Path

    def loss(self, **options: object) -> SecantLoss:
        return self.loss_class(self.options_class(**options))


def subject(name: str, patch: Patch | None = None) -> Subject:
    """The loss `name`, from fresh modules, one of them patched."""
    with _fresh_modules():
        if patch is not None:
            _import_patched(patch)
        package = "secantfw_montecarlo" if name in _ALONG_THE_TEACHER else "secantfw_picard"
        options = importlib.import_module(f"{package}.options")
        return Subject(
            name,
            _named(f"{package}.{name}", CLASS_OF[name]),
            getattr(options, f"{CLASS_OF[name]}Options"),
            _sampler(name),
            _named("secantfw_basics.paths.linear", "Linear")(),
            _named("secantfw_basics.paths.trigonometric", "Trigonometric")(),
        )


def _sampler(name: str) -> TimeSampler:
    law, options = SAMPLER_OF[name]
    options_class = _named("secantfw_basics.options", f"{law.capitalize()}Options")
    return _named(f"secantfw_basics.times.{law}", law.capitalize())(options_class(**options))


def _named(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _import_patched(patch: Patch) -> None:
    found = importlib.util.find_spec(patch.module)
    assert found is not None
    assert found.loader is not None
    source = found.loader.get_source(patch.module)  # type: ignore[attr-defined]
    assert source.count(patch.old) == 1, f"{patch.old!r} is {source.count(patch.old)} times there"
    module = importlib.util.module_from_spec(found)
    sys.modules[patch.module] = module
    exec(compile(source.replace(patch.old, patch.new), str(found.origin), "exec"), module.__dict__)


def _patchable(module: str) -> bool:
    """Whether a mutation may change it: the plug-ins under test, and the core's laws of r."""
    return module.split(".")[0] in _PACKAGES or module == "secantfw.interfaces.interior"


@contextmanager
def _fresh_modules() -> Iterator[None]:
    """The plug-ins are imported anew inside; outside nobody notices."""
    kept = {name: m for name, m in sys.modules.items() if _patchable(name)}
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [n for n in sys.modules if _patchable(n)]:
            del sys.modules[name]
        sys.modules.update(kept)
