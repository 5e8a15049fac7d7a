"""One-file plug-ins named in an experiment: `local_plugins = ["my_loss.py"]`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from secantfw.errors import UserError
from secantfw.plugin.loader import LoadedPlugin, Plugins, register_components


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
    if not file.is_file():
        raise UserError(f"local plug-in {file}: no such file")
    specification = importlib.util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None or name in sys.stdlib_module_names:
        raise UserError(f"local plug-in {file}: {name!r} cannot be a module's name")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
        plugins.manager.register(module, name=name)
        plugins.manager.check_pending()
        register_components(plugins, name, module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UserError(f"local plug-in {file}: {type(error).__name__}: {error}") from error
    plugins.loaded.append(LoadedPlugin(name, str(file), 0.0, module))
