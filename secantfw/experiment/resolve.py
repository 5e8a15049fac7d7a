"""From the merged document to an `Experiment`: every table structured, every default filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from secantfw.discovery.component import Kind
from secantfw.discovery.local import load_local
from secantfw.discovery.records import Plugins
from secantfw.discovery.trust import NotTrusted, run_around
from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.experiment.baseline_files import as_said, baseline_files
from secantfw.experiment.complaints import complaints
from secantfw.experiment.components import USE, choose, choose_all
from secantfw.experiment.document import Document
from secantfw.experiment.experiment import (
    Chosen,
    DefaultEngines,
    Evaluate,
    Experiment,
    weights_file,
)
from secantfw.experiment.keys import KeyPath, did_you_mean, shown
from secantfw.experiment.schema import (
    EMA_DECAY,
    SCHEMA,
    BackboneKeys,
    Ema,
    EvaluateKeys,
    Guidance,
    Head,
    Train,
)
from secantfw.experiment.scope import Scope
from secantfw.experiment.structure import INVALID, structure
from secantfw.options import option_info

#: By bare name: the core knows no plug-in, but the language has to have defaults.
DEFAULT_PATH = "linear"
DEFAULT_SOLVER = "secant"
DEFAULT_EVALUATE_SOLVERS = ["secant", "euler", "heun"]
DEFAULT_ENGINE, DEFAULT_ENGINE_BESIDE = "single", "ddp"
DEFAULT_METRIC = "trajectory"  # it compares with the teacher

RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # becomes a folder's name
_HEAD = tuple(f.name for f in attrs.fields(Head))
_NO_TABLES = ("file", "head", "backbone_keys", "teacher_solver", "engines")
_TABLES = tuple(f.name for f in attrs.fields(Experiment) if f.name not in _NO_TABLES)
#: The keys of the tables that are no component's, for one that stands outside of its table.
_KEYS = {
    table: {f.name: option_info(f).known_as for f in attrs.fields(kind)}
    for table, kind in (("train", Train), ("evaluate", EvaluateKeys), ("guidance", Guidance))
}
_REQUIRED = ("dataset", "backbone", "loss", "time_sampler", "train")

T = TypeVar("T")


def resolve(
    document: Document, plugins: Plugins, missing: list[Problem] | None = None
) -> Experiment:
    """The experiment that the document describes.

    Files that are not there are problems, or go to `missing` where a list is given.

    Raises:
        ExperimentError: with all problems at once.
    """
    scope = Scope(document, plugins.registry, missing=missing)
    _check_schema(document)
    head = _head(scope, plugins)
    experiment = _experiment(head, scope)
    if experiment is not None:
        for key, what in complaints(experiment):
            scope.add(key, what)
    if scope.problems or experiment is None:
        raise ExperimentError([*scope.problems, *(missing or ())])
    return experiment


def _check_schema(document: Document) -> None:
    """Under another schema every key may mean something else, so nothing more is said."""
    layers = {id(layer): layer for layer in document.owners.values()}.values()
    for layer in layers:
        said = layer.tables.get("schema", SCHEMA)
        if type(said) is int and said != SCHEMA:
            what = (
                f"this secantfw reads schema {SCHEMA}, got {shown(said) if said < 2**63 else ''}"
            )
            raise ExperimentError([layer.problem(("schema",), what)])


def _head(scope: Scope, plugins: Plugins) -> Head | None:
    said = {k: v for k, v in scope.document.tables.items() if k in _HEAD}
    _unknown_keys(scope)
    strict = attrs.evolve(scope, missing=None)  # without its local plug-ins it is another one
    head: Head = structure(Head, said, (), strict)
    if head is INVALID:
        return None
    _check_requires(head, scope, plugins)
    _load_local_plugins(head, scope, plugins)
    name = head.name if "name" in said else _name_of(scope.document)
    if not RUN_NAME.fullmatch(name):
        scope.add(("name",), f"expected a name that matches {RUN_NAME.pattern}, got {shown(name)}")
    return attrs.evolve(head, name=name)


def _name_of(document: Document) -> str:
    stem = document.main.file.stem if document.main.file else ""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).lstrip("._-")[:100] or "experiment"


def _unknown_keys(scope: Scope) -> None:
    known = (*_HEAD, *_TABLES)
    for name in scope.document.tables:
        if name == "parallel":
            _old_parallel(scope)
        elif name not in known:
            homes = [
                f"{table}.{key}"
                for table, keys in _KEYS.items()
                for key, also in keys.items()
                if name == key or name.lower() in also
            ]
            hint = f"; did you mean {' or '.join(homes)}?" if homes else did_you_mean(name, known)
            scope.add((name,), f"unknown key {shown(name)}{hint}")


def _old_parallel(scope: Scope) -> None:
    """`[parallel]`, which is `[engine]` now."""
    said = scope.document.tables["parallel"]
    for name in said if isinstance(said, Mapping) else ():
        new = "use" if name == "strategy" else str(name)
        value = "single" if said[name] == "none" else said[name]
        scope.add(("parallel", name), f"is now engine.{new}: write engine.{new} = {shown(value)}")
    if not said or not isinstance(said, Mapping):
        scope.add(("parallel",), "is now [engine]")


def _check_requires(head: Head, scope: Scope, plugins: Plugins) -> None:
    loaded = {p.name for p in plugins.loaded}
    for n, name in enumerate(head.requires):
        if name not in loaded:
            failed = [str(f) for f in plugins.failures if f.name == name]
            what = f"no plug-in named {shown(name)} is installed; this experiment requires it"
            scope.add(("requires", n), "; ".join([what, *failed]))


def _load_local_plugins(head: Head, scope: Scope, plugins: Plugins) -> None:
    for n, file in enumerate(head.local_plugins):
        if any(p.distribution == file for p in plugins.loaded):
            continue  # another experiment of this process has loaded it
        place = scope.document.main.folder / file
        said_in = scope.document.owner(("local_plugins", n)).file  # None: on the command line
        brought_by = None if said_in is None else run_around(said_in) or run_around(place)
        try:
            load_local(plugins, place, brought_by)
        except NotTrusted as error:
            problem = scope.document.problem(("local_plugins", n), str(error))
            raise ExperimentError([problem]) from error
        except UserError as error:
            scope.add(("local_plugins", n), str(error))


def _experiment(head: Head | None, scope: Scope) -> Experiment | None:
    document = scope.document
    for name in _REQUIRED:
        if name not in document.tables:
            scope.add((name,), f"missing table [{name}]")
    teacher = _component("teacher", None, scope)
    engine = _component("engine", None, scope)
    augmentation = _component("augmentation", None, scope)
    backbone, backbone_keys = _backbone(teacher, scope)
    train, teacher_solver = _train(scope) if "train" in document.tables else (None, None)
    solver = _component("solver", DEFAULT_SOLVER, scope)
    evaluate = _evaluate(scope, solver)
    parts = {
        "head": head,
        "dataset": _component("dataset", None, scope),
        "path": _component("path", DEFAULT_PATH, scope),
        "backbone": backbone,
        "backbone_keys": backbone_keys,
        "guidance": _table("guidance", Guidance, scope),
        "loss": _component("loss", None, scope),
        "time_sampler": _component("time_sampler", None, scope),
        "solver": solver,
        "train": train,
        "engines": _default_engines(scope),
        "ema": _ema(scope),
        "evaluate": evaluate,
        "teacher_solver": teacher_solver,
        "metrics": _metrics(scope, "teacher" in document.tables),
    }
    if scope.problems or any(part is None for part in parts.values()):
        return None
    assert document.main.file is not None
    parts |= {"teacher": teacher, "engine": engine, "augmentation": augmentation}
    return Experiment(file=document.main.file, **parts)  # type: ignore[arg-type]


def _component(kind: Kind, default: str | None, scope: Scope) -> Chosen | None:
    said = scope.document.tables.get(kind, default)
    return None if said is None else choose(kind, _not_a_name(said, default), (kind,), scope)


def _default_engines(scope: Scope) -> DefaultEngines:
    """Of those that are installed: an experiment can be looked at without any."""
    installed = {c.name: c for c in scope.registry.of_kind("engine")}
    return DefaultEngines(installed.get(DEFAULT_ENGINE), installed.get(DEFAULT_ENGINE_BESIDE))


def _not_a_name(said: Any, default: str | None) -> Any:
    """A table of the file must be a table; only the default may be a bare name."""
    return [] if isinstance(said, str) and said is not default else said


def _backbone(teacher: Chosen | None, scope: Scope) -> tuple[Chosen | None, BackboneKeys | None]:
    table = scope.document.tables.get("backbone")
    if not isinstance(table, Mapping):
        return _component("backbone", None, scope), None
    names = [f.name for f in attrs.fields(BackboneKeys)]
    own = {name: table[name] for name in names if name in table}
    keys = structure(BackboneKeys, own, ("backbone",), scope)
    chosen = choose("backbone", table, ("backbone",), scope, also=names)
    if keys is INVALID:
        return chosen, None
    has_weights = teacher is not None and weights_file(teacher) is not None
    default = "weights" if keys.weights else "teacher" if has_weights else "scratch"
    return chosen, attrs.evolve(keys, init=keys.init or default)


def _table(name: str, cls: type[T], scope: Scope) -> T | None:
    said = scope.document.tables.get(name, {})
    if not isinstance(said, Mapping):
        scope.add((name,), "expected a table")
        return None
    record = structure(cls, said, (name,), scope)
    return None if record is INVALID else record


def _train(scope: Scope) -> tuple[Train | None, Chosen | None]:
    """`[train]`, and the solver that it names."""
    said = scope.document.tables["train"]
    if not isinstance(said, Mapping):
        scope.add(("train",), "expected a table")
        return None, None
    train = structure(Train, _with_name(said, "teacher_solver"), ("train",), scope)
    if train is INVALID:
        return None, None
    solver = _solver_key(said, "teacher_solver", train.teacher_solver, ("train",), scope)
    if solver is None:
        return None, None
    return attrs.evolve(train, teacher_solver=solver.full_name), solver


def _with_name(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The table with a solver's table at `key` replaced by its name."""
    said = table.get(key)
    return {**table, key: said[USE]} if isinstance(said, Mapping) and USE in said else {**table}


def _solver_key(
    table: Mapping[str, Any], name: str, default: str, key: KeyPath, scope: Scope
) -> Chosen | None:
    """The solver that `table[name]`, a name or a table, chooses."""
    return choose("solver", table.get(name, default), (*key, name), scope)


def _ema(scope: Scope) -> Ema | None:
    """`[ema]`, its decay filled in where it has no half-life."""
    ema = _table("ema", Ema, scope)
    if ema is None or ema.decay is not None or ema.halflife_images is not None:
        return ema
    return attrs.evolve(ema, decay=EMA_DECAY)


def _evaluate(scope: Scope, own_solver: Chosen | None) -> Evaluate | None:
    """`[evaluate]`; a bare name of the run's `[solver]` is that solver, with its options."""
    said = scope.document.tables.get("evaluate", {})
    if not isinstance(said, Mapping):
        scope.add(("evaluate",), "expected a table")
        return None
    own = _with_name(said, "reference_solver")
    own.pop("solvers", None)
    keys = structure(EvaluateKeys, own, ("evaluate",), scope, also=("solvers",))
    names = said.get("solvers", DEFAULT_EVALUATE_SOLVERS)
    solvers = choose_all("solver", names, ("evaluate", "solvers"), scope, named=own_solver)
    if keys is INVALID:
        return None
    reference = _solver_key(said, "reference_solver", keys.reference_solver, ("evaluate",), scope)
    if reference is None:
        return None
    files = baseline_files(keys.baselines, scope)
    if files is None:
        return None
    keys = attrs.evolve(
        keys,
        reference_solver=reference.full_name,
        baselines=as_said(keys.baselines, files),
    )
    return Evaluate(keys, solvers, reference, files)


def _metrics(scope: Scope, has_teacher: bool) -> tuple[Chosen, ...]:
    installed = any(c.name == DEFAULT_METRIC for c in scope.registry.of_kind("metric"))
    default = {"use": [DEFAULT_METRIC] if has_teacher and installed else []}
    said = scope.document.tables.get("metrics", default)
    if not isinstance(said, Mapping):
        scope.add(("metrics",), "expected a table")
        return ()
    key: KeyPath = ("metrics", "use")
    for name in said:
        if name != "use":
            scope.add(
                ("metrics", name), f"unknown option {shown(name)}{did_you_mean(name, ['use'])}"
            )
    return choose_all("metric", said.get("use", default["use"]), key, scope)
