"""Where a component's class stands and what it declares, found without importing it."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from secantfw.discovery.component import Component

#: Class attributes of the interfaces by which components say what they are and need.
DECLARED = (
    "order", "requires", "provides", "fixed_point", "fixed_point_note", "points_note", "key",
    "title", "t_min", "t_max",
)  # fmt: skip


def source_line(component: Component) -> str:
    """`file:line` of the component's class; the import string where the file cannot be read."""
    file = _file(component)
    if file is None:
        return component.target
    node = _definition(component, file)
    return str(file) if node is None else f"{file}:{node.lineno}"


def declarations(component: Component) -> dict[str, str]:
    """What the class says of itself by `DECLARED` attributes, each as text.

    An attribute that it leaves to its interface is not there.
    """
    file = _file(component)
    node = None if file is None else _definition(component, file)
    if not isinstance(node, ast.ClassDef):
        return {}
    found = dict(assigned for statement in node.body for assigned in _assigned(statement))
    said = {name: _text(found[name]) for name in DECLARED if name in found}
    if any(isinstance(s, ast.FunctionDef) and s.name == "requirements" for s in node.body):
        said["requires"] = f"{said.get('requires', 'nothing')}; options may add to it"
    return said


def _file(component: Component) -> Path | None:
    """The Python file of the component's module."""
    module = component.target.partition(":")[0]
    loaded = sys.modules.get(module)
    if loaded is not None:
        origin = loaded.__file__
    else:
        specification = importlib.util.find_spec(module)
        origin = None if specification is None else specification.origin
    return Path(origin) if origin is not None and origin.endswith(".py") else None


def _definition(component: Component, file: Path) -> ast.ClassDef | ast.FunctionDef | None:
    name = component.target.partition(":")[2]
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            return node
    return None


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """`name = value`, with or without an annotation."""
    if isinstance(statement, ast.AnnAssign):
        targets: list[ast.expr] = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        return
    for target in targets:
        if isinstance(target, ast.Name) and statement.value is not None:
            yield target.id, statement.value


def _text(value: ast.expr) -> str:
    """`teacher, ema` for `frozenset({"teacher", "ema"})`; anything else as it is written."""
    inner = value.args[0] if isinstance(value, ast.Call) and len(value.args) == 1 else value
    if isinstance(inner, (ast.Set, ast.Tuple, ast.List)):
        return ", ".join(map(_text, inner.elts))
    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
        return inner.value
    return ast.unparse(value)
