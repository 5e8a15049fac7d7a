"""Call the cheap hooks once, so that `secantfw plugins` shows what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from secantfw.discovery.calling import call, implementations
from secantfw.discovery.commands import plugin_commands
from secantfw.discovery.records import Plugins
from secantfw.weights.formats import declared_formats


def rehearse(plugins: Plugins, verbs: Iterable[str]) -> None:
    """Ask every plug-in for its verbs, formats and folders; failures become warnings."""
    plugin_commands(plugins, verbs)
    declared_formats(plugins)
    for implementation in implementations(plugins, "secantfw_experiments"):
        try:
            for folder in call(plugins, implementation, "secantfw_experiments"):
                if not Path(folder).is_dir():
                    raise NotADirectoryError(f"{folder} is no folder")
        except Exception as error:
            plugins.hook_failed(implementation.plugin_name, "experiments", error)
