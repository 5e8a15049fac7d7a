"""Templates of a plug-in of one's own: `shared`, and a folder for each kind of component."""

from __future__ import annotations

import keyword
import shutil
from pathlib import Path

import attrs

from secantfw.discovery.registry import NAME_PATTERN
from secantfw.errors import UserError

_TEMPLATES = Path(__file__).parent
_SUFFIX = ".template"

#: What is registered beside the import strings: a summary, and arguments that a kind needs.
_SUMMARY = {
    "loss": "Picard secant loss that weighs steps by their length",
    "backbone": "a small two-time network for vectors",
    "teacher": "the exact tangent of one Gaussian",
    "time_sampler": "t anywhere, s at most `longest` below it",
    "solver": "Runge-Kutta of order 2; two evaluations a step",
    "dataset": "points near a spiral in the plane",
    "metric": "distance of the first two moments from the data's",
}
_MORE = {
    "teacher": """
        expected_failures={"check_labels_are_used": "one Gaussian has no classes"},"""
}
KINDS = tuple(_SUMMARY)


@attrs.frozen
class Names:
    """What the placeholders of the templates stand for."""

    name: str
    kind: str

    def filled(self, template: str) -> str:
        values = {
            "name": self.name,
            "kind": self.kind,
            "dashed": self.name.replace("_", "-"),
            "Class": "".join(part.capitalize() for part in self.name.split("_")),
            "summary": _SUMMARY[self.kind],
            "more": _MORE.get(self.kind, ""),
        }
        for key, value in values.items():
            template = template.replace("{{" + key + "}}", value)
        return template


def check_name(name: str) -> None:
    """Refuse a name that cannot be a module's.

    Raises:
        UserError: with an example of one that can.
    """
    if not NAME_PATTERN.fullmatch(name) or keyword.iskeyword(name):
        raise UserError(
            f"new plugin: {name!r} cannot be its name; expected a word of {NAME_PATTERN.pattern}, "
            "such as 'my_loss'"
        )


def write_plugin(name: str, kind: str, out: Path) -> Path:
    """Write an installable distribution with one component into `out`/secantfw-NAME.

    Raises:
        UserError: a name that cannot be a module's, a folder that exists or cannot be written.
    """
    check_name(name)
    names = Names(name, kind)
    folder = out / names.filled("secantfw-{{dashed}}")
    if folder.exists():
        raise UserError(f"new plugin: {folder} exists already")
    try:
        _write(folder, names)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UserError(f"new plugin: {folder} cannot be written ({error.strerror})") from error
    return folder


def _write(folder: Path, names: Names) -> None:
    for template, target in _files(names).items():
        file = folder / target
        file.parent.mkdir(parents=True, exist_ok=True)
        text = (_TEMPLATES / f"{template}{_SUFFIX}").read_text(encoding="utf-8")
        file.write_text(names.filled(text), encoding="utf-8")


def _files(names: Names) -> dict[str, str]:
    """Template -> file of the distribution."""
    package = f"secantfw_{names.name}"
    return {
        "shared/pyproject.toml": "pyproject.toml",
        "shared/README.md": "README.md",
        "shared/__init__.py": f"{package}/__init__.py",
        "shared/plugin.py": f"{package}/plugin.py",
        "shared/test.py": f"tests/test_{names.name}.py",
        f"{names.kind}/options.py": f"{package}/options.py",
        f"{names.kind}/component.py": f"{package}/{names.kind}.py",
        f"{names.kind}/experiment.toml": f"{package}/experiments/{names.name}.toml",
    }
