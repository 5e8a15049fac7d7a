"""What every component is held to: that it builds, and that its options are what TOML can say."""

from __future__ import annotations

import functools
import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import attrs
import tomli

from secantfw.experiment.write import to_toml
from secantfw.interfaces.augmentation import Augmentation
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.metric import Metric, NetworkMetric
from secantfw.interfaces.path import Path
from secantfw.interfaces.solver import Solver
from secantfw.interfaces.teacher import Teacher
from secantfw.interfaces.time_sampler import TimeSampler
from secantfw.options import option_info
from secantfw.parallel.engine import Engine
from secantfw.testing.check import Skip, require
from secantfw.testing.subject import Subject, structured

#: Of each kind of component; what `build` gives is one of them.
INTERFACES: Mapping[str, tuple[type, ...]] = {
    "path": (Path,), "dataset": (Dataset,), "backbone": (Backbone,), "teacher": (Teacher,),
    "loss": (SecantLoss,), "time_sampler": (TimeSampler,), "solver": (Solver,),
    "metric": (Metric, NetworkMetric), "augmentation": (Augmentation,), "engine": (Engine,),
}  # fmt: skip


def check_builds(subject: Subject) -> None:
    """It builds from its options, and implements the interface of its kind."""
    interfaces = INTERFACES[subject.component.kind]
    require(
        isinstance(subject.build(), interfaces),
        f"is a {type(subject.build()).__name__}, not a secantfw.{interfaces[0].__name__}",
    )


def check_options_survive_toml(subject: Subject) -> None:
    """Options written as TOML and read again are the same options."""
    component, registry = subject.component, subject.registry
    said = table_of(subject.options)
    text = to_toml({component.kind: said}, None)
    again = structured(component, registry, tomli.loads(text)[component.kind])
    require(
        again == subject.options and table_of(again) == said,
        f"options {said} come back from TOML as {table_of(again)}",
    )


def check_options_are_documented(subject: Subject) -> None:
    """Every option is declared by `option()` with a sentence of help."""
    silent = [f.name for f in attrs.fields(type(subject.options)) if not option_info(f).help]
    require(not silent, f"option {', '.join(silent)} has no help; declare it with secantfw.option")


def check_options_need_no_torch(subject: Subject) -> None:
    """The module of the options does not import torch, so that listings stay fast."""
    if subject.component.options is None:
        raise Skip("its options are its own fields")
    module = subject.component.options.partition(":")[0]
    require(not _imports_torch(module), f"importing {module} imports torch")


def check_has_a_summary(subject: Subject) -> None:
    """It is registered with one line that says what it is."""
    summary = subject.component.summary
    require(summary.strip() and "\n" not in summary, "is registered without a one-line summary")


def table_of(options: Any) -> dict[str, Any]:
    """Options as TOML values; those that are None are left out, as in a resolved file."""
    values = {f.name: getattr(options, f.name) for f in attrs.fields(type(options))}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return table_of(value) if attrs.has(type(value)) else value


@functools.cache
def _imports_torch(module: str) -> bool:
    """In a process of its own; a module that only this process knows is taken at its word."""
    if importlib.util.find_spec(module) is None:
        return False
    code = "import sys; sys.path[:] = sys.argv[2:]; __import__(sys.argv[1]); "
    code += "sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, module, *sys.path], check=False, capture_output=True
    )
    return done.returncode == 1 and not done.stderr


CHECKS = (
    check_builds,
    check_options_survive_toml,
    check_options_are_documented,
    check_options_need_no_torch,
    check_has_a_summary,
)
