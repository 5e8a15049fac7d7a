"""Weights & Biases: a run's scalars and its experiment, kept in `RUN/wandb/` and sent.

Asked for by SECANTFW_WANDB=1, in the environment and not in the experiment: who watches a run
changes nothing about it. Everything else is wandb's own: WANDB_MODE=offline sends nothing (a later
`wandb sync` does), WANDB_PROJECT names the project (secantfw), WANDB_API_KEY the account.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import secantfw

SECANTFW_API = 1
ASKED_BY = "SECANTFW_WANDB"
_INSTALL = "pip install 'secantfw[wandb]'"

_sessions: dict[Path, Any] = {}


@secantfw.hookimpl
def secantfw_run_started(run: secantfw.RunInfo) -> None:
    if os.environ.get(ASKED_BY, "0") in ("", "0"):
        return
    wandb = _wandb()
    _sessions[run.directory] = wandb.init(
        project=os.environ.get("WANDB_PROJECT", "secantfw"),
        id=run.directory.name,  # a resumed run goes on in the same curve
        resume="allow" if run.resumed_at else None,
        name=f"{run.directory.parent.name} {run.directory.name}",
        dir=str(run.directory),
        config=_experiment(run.directory),
        # The progress bar is not for its log, and the working directory may be anyone's.
        settings=wandb.Settings(console="off", disable_git=True, save_code=False, silent=True),
    )


@secantfw.hookimpl
def secantfw_step_logged(run: secantfw.RunInfo, step: int, scalars: Mapping[str, float]) -> None:
    session = _sessions.get(run.directory)
    if session is not None:
        session.log(dict(scalars), step=step)


@secantfw.hookimpl
def secantfw_run_ended(run: secantfw.RunInfo, outcome: secantfw.Outcome) -> None:
    session = _sessions.pop(run.directory, None)
    if session is not None:
        session.summary["outcome"] = outcome.status
        session.finish(exit_code=0 if outcome.status == "finished" else 1)


@secantfw.hookimpl
def secantfw_doctor() -> Iterable[secantfw.Finding]:
    if importlib.util.find_spec("wandb") is None:
        return [secantfw.Finding("note", "Weights & Biases is not installed", _INSTALL)]
    return [secantfw.Finding("ok", f"Weights & Biases logs runs started with {ASKED_BY}=1")]


def _experiment(directory: Path) -> dict[str, Any]:
    import tomli

    resolved = directory / "resolved.toml"
    return tomli.loads(resolved.read_text(encoding="utf-8")) if resolved.is_file() else {}


def _wandb() -> Any:
    try:
        import wandb
    except ImportError as error:
        raise RuntimeError(f"{ASKED_BY} is set and wandb is missing: {_INSTALL}") from error
    return wandb
