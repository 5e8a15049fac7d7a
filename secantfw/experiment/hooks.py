"""What plug-ins say about an experiment: their files, and problems only the whole shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pluggy import HookImpl

from secantfw.discovery.calling import call, implementations
from secantfw.discovery.records import Plugins, cause
from secantfw.errors import Problem, UserError
from secantfw.experiment.experiment import Experiment


def hook_problems(experiment: Experiment, plugins: Plugins) -> Iterator[Problem]:
    """The problems of every plug-in's `secantfw_check`; one that raises is a problem itself."""
    for hook in implementations(plugins, "secantfw_check"):
        try:
            said = list(call(plugins, hook, "secantfw_check", experiment=experiment) or ())
            odd = next((one for one in said if not isinstance(one, Problem)), None)
            if odd is not None:
                raise TypeError(f"it gave {odd!r}, expected secantfw.Problem")
            yield from said
        except Exception as error:
            yield Problem(f"plug-in {hook.plugin_name!r} failed in secantfw_check: {cause(error)}")


def locate(file: Path, plugins: Plugins) -> Path:
    """`file`, or `PLUGIN/FILE.toml` in a folder that the plug-in ships; `file` if neither is.

    Raises:
        UserError: the plug-in fails when asked for its folders.
    """
    if file.is_absolute() or len(file.parts) < 2 or file.exists():
        return file
    for hook in implementations(plugins, "secantfw_experiments"):
        if hook.plugin_name == file.parts[0]:
            shipped = (Path(folder, *file.parts[1:]) for folder in _folders(hook, plugins))
            return next((path for path in shipped if path.is_file()), file)
    return file


def _folders(hook: HookImpl, plugins: Plugins) -> list[Any]:
    try:
        return list(call(plugins, hook, "secantfw_experiments") or ())
    except Exception as error:
        said = f"plug-in {hook.plugin_name!r} failed in secantfw_experiments: {cause(error)}"
        raise UserError(said) from error
