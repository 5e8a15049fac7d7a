"""Who may import whom, read from the source: the arrows between core, interfaces and plug-ins."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "secantfw").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
INTERFACES = (
    "Backbone", "Dataset", "Metric", "ObservingMetric", "Path", "SecantLoss", "Solver", "Teacher",
    "TimeSampler",
)  # fmt: skip


def place(file: Path) -> str:
    return str(file.relative_to(ROOT))


def in_core(*folders: str) -> list[Path]:
    return [f for f in CORE if f.relative_to(ROOT / "secantfw").parts[0] in folders]


def imports(node: ast.AST) -> Iterator[str]:
    """Dotted names below a node: `from a import b` is `a.b`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            assert inner.level == 0, "relative imports would hide an arrow"
            yield from (f"{inner.module}.{alias.name}" for alias in inner.names)


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def at_import(file: Path) -> Iterator[str]:
    """What importing the file imports: not functions' bodies, nor what is for type checkers."""
    waiting: list[ast.stmt] = list(tree(file).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imports(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt))


def public_names() -> set[str]:
    """What `secantfw/__init__.py` says it re-exports (`X as X`) or defines."""
    names = set()
    for node in ast.walk(tree(ROOT / "secantfw" / "__init__.py")):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names if alias.asname == alias.name}
        elif isinstance(node, ast.Assign):
            names |= {ast.unparse(target) for target in node.targets}
    return {name for name in names if not name.startswith("_")}


PUBLIC = public_names()


def top(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("file", CORE, ids=place)
def test_the_core_never_imports_a_plug_in(file):
    assert not [name for name in imports(tree(file)) if top(name).startswith("secantfw_")]


@pytest.mark.parametrize("file", in_core("interfaces"), ids=place)
def test_interfaces_import_torch_and_attrs_and_nothing_of_the_core(file):
    allowed = {*sys.stdlib_module_names, "torch", "attrs"}
    for name in imports(tree(file)):
        assert top(name) in allowed or name.startswith("secantfw.interfaces."), name


@pytest.mark.parametrize("file", in_core("cli", "plugin", "experiment"), ids=place)
def test_cli_plugin_and_experiment_import_no_torch_at_the_top(file):
    assert "torch" not in {top(name) for name in at_import(file)}


@pytest.mark.parametrize("file", PLUGINS, ids=place)
def test_a_plug_in_imports_public_names_only(file):
    for name in imports(tree(file)):
        package, _, rest = name.partition(".")
        if package == "secantfw":
            assert rest == "" or rest in PUBLIC, f"{name} is not a public name"


@pytest.mark.parametrize("file", PLUGINS, ids=place)
def test_a_plug_in_imports_no_other_plug_in(file):
    own = file.relative_to(ROOT / "plugins").parts[0]
    others = {top(name) for name in imports(tree(file))} - {own}
    assert not [name for name in others if name.startswith("secantfw_")]


@pytest.mark.parametrize("folder", sorted(p.parent for p in PLUGINS if p.name == "plugin.py"),
                         ids=lambda p: p.name)  # fmt: skip
def test_a_plug_ins_listing_imports_no_torch(folder):
    for file in (folder / "__init__.py", folder / "plugin.py", folder / "options.py"):
        if file.exists():
            assert "torch" not in {top(name) for name in at_import(file)}, file


@pytest.mark.parametrize(
    "file", [f for f in CORE if "testing" not in f.parts and "scaffold" not in f.parts], ids=place
)
def test_the_core_holds_no_concrete_component(file):
    """No subclass of an interface; `Context` is a service of the loop and no component."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ClassDef) and node.name not in INTERFACES:
            bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
            assert not bases & (set(INTERFACES)), node.name


@pytest.mark.parametrize("file", CORE, ids=place)
def test_the_core_names_no_component_s_class(file):
    """An import string of a plug-in in the core would be an arrow that no import shows."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert ":" not in node.value or not node.value.startswith("secantfw_"), node.value
