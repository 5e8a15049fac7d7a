"""What plug-ins say about an experiment: their files, and problems only the whole shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from secantfw.errors import Problem
from secantfw.experiment.schema import Experiment
from secantfw.plugin.loader import Plugins


def hook_problems(experiment: Experiment, plugins: Plugins) -> Iterator[Problem]:
    """The problems of every plug-in's `secantfw_check`; one that raises is a problem itself."""
    for hook in plugins.manager.hook.secantfw_check.get_hookimpls():
        try:
            found: Iterable[Problem] = hook.function(*[experiment for _ in hook.argnames]) or ()
            yield from list(found)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            yield Problem(f"plug-in {hook.plugin_name!r} failed in secantfw_check: {said}")


def locate(file: Path, plugins: Plugins) -> Path:
    """`file`, or `PLUGIN/FILE.toml` in a folder that the plug-in ships; `file` if neither is."""
    if file.is_absolute() or len(file.parts) < 2 or file.exists():
        return file
    for hook in plugins.manager.hook.secantfw_experiments.get_hookimpls():
        if hook.plugin_name == file.parts[0]:
            shipped = (folder.joinpath(*file.parts[1:]) for folder in hook.function())
            return next((path for path in shipped if path.is_file()), file)
    return file
