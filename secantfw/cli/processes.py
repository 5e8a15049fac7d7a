"""A verb shared out to processes of this machine: the same command once for each shard."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from secantfw.discovery.records import Plugins
from secantfw.errors import RunAborted, UserError
from secantfw.experiment.load import load
from secantfw.experiment.read import RESOLVED

_MOST = 256


def check_processes(verb: str, processes: int, shard: str | None) -> None:
    """Raises UserError for a number that makes no sense."""
    if not 1 <= processes <= _MOST:
        raise UserError(f"{verb}: --processes must be from 1 to {_MOST}")
    if shard is not None and processes > 1:
        raise UserError(f"{verb}: --shard is one process's part; leave --processes out")


def trust_in_time(directory: Path, plugins: Plugins) -> list[str]:
    """Ask about code that a run brings before there are several processes, none of which can.

    Returns:
        what their commands have to say so as not to ask again.
    """
    load(directory / RESOLVED, (), plugins, without_files=True)
    return ["--trust"] if any(plugin.code for plugin in plugins.loaded) else []


def run_shards(command: Sequence[str], processes: int, plugins: Plugins) -> None:
    """`secantfw COMMAND --shard I/N` for each I, side by side, with the plug-ins of this process.

    Each uses as many threads as this one: the last bits of a product may depend on them.

    Raises:
        RunAborted: one of them failed; it has said why, and the others are stopped.
    """
    import torch

    environment = {
        **os.environ,
        "SECANTFW_PLUGINS": ",".join(plugin.name for plugin in plugins.loaded),
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }
    start = [sys.executable, "-m", "secantfw", *command, "--shard"]
    running = [
        subprocess.Popen([*start, f"{i}/{processes}"], env=environment, stdout=subprocess.DEVNULL)
        for i in range(processes)
    ]
    try:
        codes = [process.wait() for process in running]
    finally:
        for process in running:
            if process.poll() is None:
                process.terminate()
        for process in running:
            process.wait()
    if any(codes):
        raise RunAborted(f"{command[0]}: {sum(map(bool, codes))} of {processes} processes failed")
