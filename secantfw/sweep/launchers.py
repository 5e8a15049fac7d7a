"""The launchers by their names; `submitit` is imported where one that needs it starts a run."""

from __future__ import annotations

from secantfw.errors import UserError
from secantfw.experiment.keys import did_you_mean
from secantfw.sweep.launcher import Launcher
from secantfw.sweep.local import LocalLauncher
from secantfw.sweep.submitted import SlurmLauncher, SubmititLocalLauncher

LAUNCHERS: dict[str, type[Launcher]] = {
    "local": LocalLauncher,
    "slurm": SlurmLauncher,
    "submitit-local": SubmititLocalLauncher,
}


def find_launcher(name: str) -> type[Launcher]:
    """The launcher called `name`.

    Raises:
        UserError: there is none.
    """
    if name not in LAUNCHERS:
        raise UserError(f"--launcher {name}: no such launcher{did_you_mean(name, LAUNCHERS)}")
    return LAUNCHERS[name]
