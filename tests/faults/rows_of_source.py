"""R18: no way to run a stranger's file stands in the source."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

from small_run import (
    Bench,
)
from strangers import Verdicts

ROOT = Path(__file__).parents[2]


def source(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R18: no way to run a stranger's file stands in the source."""
    for folder in ("secantfw", "plugins"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text()
            found = [said for node in ast.walk(ast.parse(text)) for said in _gate(node)]
            if re.search(r"load_state_dict\(.*strict=False", _after_check_fit.sub("", text)):
                found.append("strict=False without check_fit before it")
            if folder == "secantfw" and re.search(r"(?<![\w.])print\(", text):
                found.append("print, which is for runtime/terminal.py")
            yield f"{file.relative_to(ROOT)}: {found}" if found else None


#: Names and shapes were compared; what is missing is what one-time weights do not have.
_after_check_fit = re.compile(r"check_fit\(.*\n.*load_state_dict\(.*strict=False\)")


def _gate(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ExceptHandler) and node.type is None:
        return [f"line {node.lineno}: bare except"]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [a.name for a in node.names] + [getattr(node, "module", None) or ""]
        banned = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
        return [f"line {node.lineno}: imports {n}" for n in names if n.split(".")[0] in banned]
    if not isinstance(node, ast.Call):
        return []
    called = ast.unparse(node.func)
    keys = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
    said = []
    if called in ("eval", "exec", "os.system", "os.popen"):
        said.append(called)
    if called == "torch.load" and keys.get("weights_only") is not True:
        said.append("torch.load without weights_only=True")
    if called.endswith("np.load") and keys.get("allow_pickle") is not False:
        said.append("np.load without allow_pickle=False")
    if keys.get("shell") is True:
        said.append(f"{called} with shell=True")
    return [f"line {node.lineno}: {text}" for text in said]
