"""The flow-map losses by name, from fresh modules; on request one of them with a seeded bug."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from secantfw import SecantLoss

CLASSES = {
    "mean_flow": "MeanFlow",
    "shortcut": "Shortcut",
    "consistency_training": "ConsistencyTraining",
    "consistency_distillation": "ConsistencyDistillation",
    "lagrangian": "Lagrangian",
    "eulerian": "Eulerian",
}
_PACKAGE = "secantfw_flowmaps"


@attrs.frozen
class Patch:
    """Replace `old`, which occurs once in the module's source, by `new`."""

    module: str
    old: str
    new: str


def build(name: str, options: dict[str, object], patch: Patch | None = None) -> SecantLoss:
    with _fresh_modules():
        if patch is not None:
            _import_patched(patch)
        module = importlib.import_module(f"{_PACKAGE}.{name}")
        known = importlib.import_module(f"{_PACKAGE}.options")
        options_class = getattr(known, f"{CLASSES[name]}Options")
        return getattr(module, CLASSES[name])(options_class(**options))


def _import_patched(patch: Patch) -> None:
    name = f"{_PACKAGE}.{patch.module}"
    found = importlib.util.find_spec(name)
    source = found.loader.get_source(name)
    assert source.count(patch.old) == 1, f"{patch.old!r} is {source.count(patch.old)} times there"
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    exec(compile(source.replace(patch.old, patch.new), str(found.origin), "exec"), module.__dict__)


@contextmanager
def _fresh_modules() -> Iterator[None]:
    """The plug-in is imported anew inside; outside nobody notices."""
    kept = {name: m for name, m in sys.modules.items() if name.split(".")[0] == _PACKAGE}
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [n for n in sys.modules if n.split(".")[0] == _PACKAGE]:
            del sys.modules[name]
        sys.modules.update(kept)
