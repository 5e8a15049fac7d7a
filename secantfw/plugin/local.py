"""One-file plug-ins named in an experiment: `local_plugins = ["my_loss.py"]`."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from secantfw.errors import UserError
from secantfw.plugin.calling import contained
from secantfw.plugin.isolation import watched
from secantfw.plugin.loader import LoadedPlugin, Plugins, entering
from secantfw.plugin.records import cause
from secantfw.runtime.terminal import warn


def load_local(plugins: Plugins, file: Path) -> None:
    """Load `file` as the plug-in named by its stem; its classes are `STEM:Class` import strings.

    Raises:
        UserError: no such file, or one that fails on import or registration.
    """
    name = file.stem
    known = next((p for p in plugins.loaded if p.name == name), None)
    if known is not None and known.distribution == str(file):
        return  # two experiments of one process name it
    if known is not None:
        raise UserError(f"local plug-in {file}: a plug-in named {name!r} is loaded already")
    module = _new_module(file)
    _check_name(plugins, file)
    kept = sys.modules.get(name)
    sys.modules[name] = module
    with watched() as seen:
        try:
            contained(lambda: _enter(plugins, module, name))()
        except Exception as error:
            _leave(plugins, name, kept)
            raise UserError(f"local plug-in {file}: {cause(error)}") from error
    plugins.loaded.append(LoadedPlugin(name, str(file), seen.milliseconds, module))
    for what, _ in seen.complaints():
        warn(f"local plug-in {file} {what}")


def _new_module(file: Path) -> ModuleType:
    if not file.is_file():
        raise UserError(f"local plug-in {file}: no such file")
    specification = importlib.util.spec_from_file_location(file.stem, file)
    if specification is None or specification.loader is None:
        raise UserError(f"local plug-in {file}: expected a Python file")
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
