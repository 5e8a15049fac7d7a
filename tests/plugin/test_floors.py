"""What the import contract of pyproject.toml cannot say of core, interfaces and plug-ins."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from secantfw.discovery.building import target_class
from secantfw.experiment.resolve import DEFAULT_METRIC
from secantfw.load_plugins import load_plugins
from secantfw.testing.checks.every import INTERFACES

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "secantfw").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))
#: Rooms that every command passes through before torch is wanted.
LIGHT = ("cli", "discovery", "experiment", "hookspecs.py", "load_plugins.py")
#: Where import strings are resolved: of registered components, of the lazy public names, of verbs.
RESOLVERS = ("__init__.py", "cli/main.py", "discovery/entry.py", "discovery/registry.py")
#: The device file, `needs = ("cuda",)` of components, names in options, a GPU that is not here.
NAME_CUDA = {
    "discovery/building.py", "discovery/registry.py", "experiment/complaints.py",
    "experiment/schema.py", "forecast/memory_need.py", "runtime/devices.py",
}  # fmt: skip
#: Random items, which stand in for data that are missing.
NOT_PLUGGED_IN = ("ReferenceData",)


def in_core(*rooms: str) -> list[Path]:
    return [f for f in CORE if f.relative_to(ROOT / "secantfw").parts[0] in rooms]


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(node: ast.AST) -> Iterator[str]:
    """Dotted names below a node: `from a import b` is `a.b`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (alias.name for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            assert inner.level == 0, "relative imports would hide an arrow"
            yield from (f"{inner.module}.{alias.name}" for alias in inner.names)


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


def top(name: str) -> str:
    return name.partition(".")[0]


def test_the_import_contract_is_kept():
    pytest.importorskip("importlinter")
    lint = shutil.which("lint-imports", path=Path(sys.executable).parent)
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_no_room_asks_for_the_public_names():
    """`import secantfw` in the core would be an arrow from the ground to the roof."""
    own = {file.stem for file in (ROOT / "secantfw").iterdir()}
    wrong = [
        (file, name)
        for file in CORE
        for name in imports(tree(file))
        if name == "secantfw" or (name.count(".") == 1 and name.partition(".")[2] not in own)
        if top(name) == "secantfw" and "scaffold" not in file.parts
    ]
    assert not wrong


def test_own_modules_are_imported_by_statements():
    """importlib is for import strings of components, in their one place."""
    users = {
        str(file.relative_to(ROOT / "secantfw"))
        for file in CORE
        if "import_module" in file.read_text(encoding="utf-8")
    }
    assert users == set(RESOLVERS)


def test_the_core_never_imports_a_plug_in_or_names_its_classes():
    for file in CORE:
        assert not [name for name in imports(tree(file)) if top(name).startswith("secantfw_")]
        said = [node.value for node in ast.walk(tree(file)) if isinstance(node, ast.Constant)]
        texts = [text for text in said if isinstance(text, str) and ":" in text]
        assert not [text for text in texts if text.startswith("secantfw_")], file


def test_interfaces_import_torch_and_attrs_and_nothing_of_the_core():
    allowed = {*sys.stdlib_module_names, "torch", "attrs"}
    for file in in_core("interfaces"):
        for name in imports(tree(file)):
            assert top(name) in allowed or name.startswith("secantfw.interfaces."), (file, name)


@pytest.mark.parametrize("room", LIGHT)
def test_no_torch_before_it_is_wanted(room):
    for file in in_core(room):
        assert "torch" not in {top(name) for name in at_import(file)}, file


def test_a_plug_in_imports_public_names_only_and_no_other_plug_in():
    public = public_names()
    for file in PLUGINS:
        own = file.relative_to(ROOT / "plugins").parts[0]
        for name in imports(tree(file)):
            package, _, rest = name.partition(".")
            assert package in ("secantfw", own) or not package.startswith("secantfw_"), (
                file,
                name,
            )
            assert package != "secantfw" or rest == "" or rest in public, (file, name)


def test_a_plug_ins_listing_imports_no_torch():
    for folder in {file.parent for file in PLUGINS if file.name == "plugin.py"}:
        for file in (folder / "__init__.py", folder / "plugin.py", folder / "options.py"):
            if file.exists():
                assert "torch" not in {top(name) for name in at_import(file)}, file


def test_the_core_holds_no_concrete_component():
    """No final subclass of an interface of any kind; `testing` has stand-ins for the kit."""
    kinds = {interface.__name__ for of_kind in INTERFACES.values() for interface in of_kind}
    for file in CORE:
        if {"testing", "scaffold"} & set(file.parts):
            continue
        aliases = dict(renamed(tree(file)))
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ClassDef) and node.name not in {*kinds, *NOT_PLUGGED_IN}:
                names = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
                bases = {aliases.get(name, name) for name in names}
                assert not bases & kinds or abstract(node), (file, node.name)


def test_cuda_is_named_where_only_it_will_do():
    """Devices have one file; a component may need CUDA, options and forecasts name GPUs."""
    users = {
        str(file.relative_to(ROOT / "secantfw"))
        for file in CORE
        if re.search(r"\bcuda\b", file.read_text(encoding="utf-8"))
    }
    assert users == NAME_CUDA


@pytest.mark.plugin("fid")
def test_the_core_names_no_metric_of_a_plug_in():
    """But for the one that an experiment has by default."""
    registry = load_plugins().registry
    keys = {target_class(c).key for c in registry.of_kind("metric") if c.name != DEFAULT_METRIC}
    assert "frechet_distance" in keys
    for file in CORE:
        said = [n.value for n in ast.walk(tree(file)) if isinstance(n, ast.Constant)]
        assert not keys & {text for text in said if isinstance(text, str)}, file


def renamed(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)


def abstract(node: ast.ClassDef) -> bool:
    return any(
        "abstractmethod" in ast.unparse(decorator)
        for item in node.body
        if isinstance(item, ast.FunctionDef)
        for decorator in item.decorator_list
    )
