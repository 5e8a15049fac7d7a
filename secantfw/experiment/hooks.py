"""What plug-ins say about an experiment: their files, and problems only the whole shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from secantfw.errors import Problem
from secantfw.experiment.schema import Experiment
from secantfw.plugin.loader import Plugins


def hook_problems(experiment: Experiment, plugins: Plugins) -> Iterator[Problem]:
    """The problems of every plug-in's `secantfw_check`; one that raises is a problem itself."""
    for hook in plugins.manager.hook.secantfw_check.get_hookimpls():
        try:
            found: Any = hook.function(*[experiment for _ in hook.argnames])
            yield from list(found or ())
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            yield Problem(f"plug-in {hook.plugin_name!r} failed in secantfw_check: {said}")


def locate(file: Path, plugins: Plugins) -> Path:
    """`file`, or `PLUGIN/FILE.toml` in a folder that the plug-in ships; `file` if neither is."""
    if file.is_absolute() or len(file.parts) < 2 or file.exists():
        return file
    for hook in plugins.manager.hook.secantfw_experiments.get_hookimpls():
        if hook.plugin_name == file.parts[0]:
            folders: Any = hook.function()
            shipped = (Path(folder, *file.parts[1:]) for folder in folders)
            return next((path for path in shipped if path.is_file()), file)
    return file
