"""One-file plug-ins named in an experiment: `local_plugins = ["my_loss.py"]`."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.abc import SourceLoader
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from secantfw.discovery.calling import contained
from secantfw.discovery.isolation import watched
from secantfw.discovery.loader import entering
from secantfw.discovery.records import LoadedPlugin, Plugins, cause
from secantfw.discovery.trust import check_trusted
from secantfw.errors import UserError
from secantfw.runtime.regular_file import read_regular
from secantfw.runtime.terminal import warn

#: A plug-in of one file that is larger is no source.
_MOST_BYTES = 4 << 20


class _Source(SourceLoader):
    """Executes the very bytes that were read and trusted, not a `.pyc` that lies beside them."""

    def __init__(self, file: Path, content: bytes) -> None:
        self._file, self._content = str(file), content

    def get_filename(self, fullname: str) -> str:
        return self._file

    def get_data(self, path: str | bytes) -> bytes:
        if path != self._file:
            raise OSError(f"{path!r}: not asked for")
        return self._content


def load_local(plugins: Plugins, file: Path, brought_by: Path | None = None) -> None:
    """Load `file` as the plug-in named by its stem; its classes are `STEM:Class` import strings.

    Args:
        brought_by: the run directory that names it, whose code is not executed unasked.

    Raises:
        UserError: no such file, one that may not be executed, or one that fails on import or
            registration.
    """
    name = file.stem
    known = next((p for p in plugins.loaded if p.name == name), None)
    if known is not None and known.distribution == str(file):
        return  # two experiments of one process name it
    if known is not None:
        raise UserError(f"local plug-in {file}: a plug-in named {name!r} is loaded already")
    content = _content(file)
    _check_name(plugins, file)
    if brought_by is not None:
        check_trusted(file, content, brought_by, plugins.trust)
    module = _new_module(file, content)
    kept = sys.modules.get(name)
    sys.modules[name] = module
    with watched() as seen:
        try:
            contained(lambda: _enter(plugins, module, name))()
        except Exception as error:
            _leave(plugins, name, kept)
            raise UserError(f"local plug-in {file}: {cause(error)}") from error
    plugins.loaded.append(LoadedPlugin(name, str(file), seen.milliseconds, module, content))
    for what, _ in seen.complaints():
        warn(f"local plug-in {file} {what}")


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise UserError(f"local plug-in {file}: no such file")
    if file.suffix != ".py":
        raise UserError(f"local plug-in {file}: expected a Python file")
    try:
        return read_regular(Path(os.path.realpath(file)), _MOST_BYTES)
    except OSError as error:
        raise UserError(f"local plug-in {file}: cannot be read ({error.strerror})") from error


def _new_module(file: Path, content: bytes) -> ModuleType:
    loader = _Source(file, content)
    specification = importlib.util.spec_from_file_location(file.stem, file, loader=loader)
    assert specification is not None
    return importlib.util.module_from_spec(specification)


def _check_name(plugins: Plugins, file: Path) -> None:
    """A local `torch.py` would take torch's place for the rest of the process."""
    name = file.stem
    found = PathFinder.find_spec(name)
    elsewhere = found is not None and found.origin != str(file.resolve())
    ours = {"secantfw", *(p.module.__name__.partition(".")[0] for p in plugins.loaded)}
    if elsewhere or name in sys.stdlib_module_names or name in ours:
        raise UserError(
            f"local plug-in {file}: {name!r} cannot be its name, since an installed module is "
            "called that; rename the file"
        )


def _enter(plugins: Plugins, module: ModuleType, name: str) -> None:
    assert module.__spec__ is not None
    assert module.__spec__.loader is not None
    module.__spec__.loader.exec_module(module)
    for _, step in entering(plugins, module, name):
        step()


def _leave(plugins: Plugins, name: str, kept: ModuleType | None) -> None:
    """As if the file had never been named."""
    if plugins.manager.has_plugin(name):
        plugins.manager.unregister(name=name)
    del sys.modules[name]
    if kept is not None:
        sys.modules[name] = kept
