"""Where a component's class stands, found without importing it."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

from secantfw.plugin.component import Component


def source_line(component: Component) -> str:
    """`file:line` of the component's class; the import string where the file cannot be read."""
    module, _, name = component.target.partition(":")
    loaded = sys.modules.get(module)
    if loaded is not None:
        origin = loaded.__file__
    else:
        specification = importlib.util.find_spec(module)
        origin = None if specification is None else specification.origin
    if origin is None or not origin.endswith(".py"):
        return component.target
    tree = ast.parse(Path(origin).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
            return f"{origin}:{node.lineno}"
    return origin
