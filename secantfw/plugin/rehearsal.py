"""Call the cheap hooks once, so that `secantfw plugins` shows what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from secantfw.plugin.calling import call, implementations
from secantfw.plugin.commands import plugin_commands
from secantfw.plugin.records import Plugins


def rehearse(plugins: Plugins, verbs: Iterable[str]) -> None:
    """Ask every plug-in for its verbs and its folders; failures become warnings of `plugins`."""
    plugin_commands(plugins, verbs)
    for implementation in implementations(plugins, "secantfw_experiments"):
        try:
            for folder in call(plugins, implementation, "secantfw_experiments"):
                if not Path(folder).is_dir():
                    raise NotADirectoryError(f"{folder} is no folder")
        except Exception as error:
            plugins.hook_failed(implementation.plugin_name, "experiments", error)
