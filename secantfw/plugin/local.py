"""One-file plug-ins named in an experiment: `local_plugins = ["my_loss.py"]`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from secantfw.errors import UserError
from secantfw.plugin.loader import LoadedPlugin, Plugins
from secantfw.plugin.registry import Register


def load_local(plugins: Plugins, file: Path) -> None:
    """Load `file` as the plug-in named by its stem; its classes are `STEM:Class` import strings.

    Raises:
        UserError: no such file, or one that fails on import or registration.
    """
    name = file.stem
    if any(p.name == name for p in plugins.loaded):
        raise UserError(f"local plug-in {file}: a plug-in named {name!r} is installed already")
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
        for implementation in plugins.manager.hook.secantfw_components.get_hookimpls():
            if implementation.plugin is module:
                register = Register(name, file.parent)
                implementation.function(register)
                register.into(plugins.registry)
    except Exception as error:
        del sys.modules[name]
        raise UserError(f"local plug-in {file}: {type(error).__name__}: {error}") from error
    plugins.loaded.append(LoadedPlugin(name, str(file), 0.0, module))
