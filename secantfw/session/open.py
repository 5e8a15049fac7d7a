"""`secantfw.load` and `secantfw.run`."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from secantfw.errors import ExitCode, UserError
from secantfw.load_plugins import load_plugins
from secantfw.runtime.terminal import say
from secantfw.session.run import Run


def load(run: str | os.PathLike[str], *overrides: str, trust: bool = False) -> Run:
    """The run in the directory `run`; its networks are loaded when they are asked for.

    Args:
        run: the run directory.
        overrides: keys that a trained run leaves free, such as "guidance.scale=1.5",
            "train.device=cpu" or "solver.use=heun".
        trust: execute code that the run brings, though it was not made here by you; else it is
            refused, unless it has been trusted before.

    Raises:
        UserError: not a run directory.
    """
    return Run(Path(run), overrides, trust)


def run(
    file: str | os.PathLike[str],
    *overrides: str,
    out: str | os.PathLike[str] = "runs",
    force: bool = False,
) -> Run:
    """Train, evaluate and report, as `secantfw run FILE key=value ... --out OUT`, in this process.

    Args:
        file: the experiment.
        overrides: such as "train.steps=50".
        out: where runs go.
        force: start even if a step is known not to fit into memory.

    Raises:
        UserError: anything that is wrong with the experiment; called outside the main thread.
        RunAborted: the run stopped itself; its checkpoints are intact.
        KeyboardInterrupt: it was interrupted, saved after the step at hand; a line on stderr says
            how to go on.
    """
    from secantfw.experiment.heading import heading
    from secantfw.experiment.load import load as load_experiment
    from secantfw.runtime.files import disk_errors_said
    from secantfw.runtime.signals import terminable
    from secantfw.session.complete import complete
    from secantfw.session.new_run import new_run

    if threading.current_thread() is not threading.main_thread():
        raise UserError("secantfw.run: call it in the main thread, where signals can be heeded")
    plugins, root = load_plugins(), Path(out)
    plugins.warn()
    loaded = load_experiment(Path(file), overrides, plugins)
    for line in (*map(str, loaded.warnings), *heading(loaded.experiment)):
        say(line)
    with terminable(), disk_errors_said(root):
        job, plan = new_run(loaded, plugins, root, force=force)
        try:
            for line in (*plan.lines(), f"  run directory: {job.directory}"):
                say(line)
            code = complete(job, say)
        finally:
            if job.lock is not None:
                job.lock.release()
    if code is not ExitCode.DONE:
        raise KeyboardInterrupt(f"continue with: secantfw run --resume {job.directory}")
    return Run(job.directory)
