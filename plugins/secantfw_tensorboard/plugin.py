"""TensorBoard: a run's scalars as event files in `RUN/tensorboard/`.

Asked for by SECANTFW_TENSORBOARD=1, in the environment and not in the experiment: who watches a
run changes nothing about it, and the same file must run where TensorBoard is not installed.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import secantfw

SECANTFW_API = 1
ASKED_BY = "SECANTFW_TENSORBOARD"
_INSTALL = "pip install 'secantfw[tensorboard]'"

_writers: dict[Path, Any] = {}


@secantfw.hookimpl
def secantfw_run_started(run: secantfw.RunInfo) -> None:
    if os.environ.get(ASKED_BY, "0") in ("", "0"):
        return
    # On resume, events past the checkpoint belong to steps that are made again.
    purge = run.resumed_at + 1 if run.resumed_at else None
    writer = _writer_class()(str(run.directory / "tensorboard"), purge_step=purge)
    resolved = run.directory / "resolved.toml"
    if resolved.is_file():
        indented = resolved.read_text(encoding="utf-8").replace("\n", "\n    ")
        writer.add_text("experiment", "    " + indented, run.resumed_at)
    _writers[run.directory] = writer


@secantfw.hookimpl
def secantfw_step_logged(run: secantfw.RunInfo, step: int, scalars: Mapping[str, float]) -> None:
    writer = _writers.get(run.directory)
    if writer is not None:
        for name, value in scalars.items():
            writer.add_scalar(f"train/{name}", value, step)


@secantfw.hookimpl
def secantfw_run_ended(run: secantfw.RunInfo, outcome: secantfw.Outcome) -> None:
    writer = _writers.pop(run.directory, None)
    if writer is not None:
        writer.add_text("outcome", f"{outcome.status} {outcome.message}".strip(), outcome.step)
        writer.close()


@secantfw.hookimpl
def secantfw_doctor() -> Iterable[secantfw.Finding]:
    if importlib.util.find_spec("tensorboard") is None:
        return [secantfw.Finding("note", "TensorBoard is not installed", _INSTALL)]
    return [secantfw.Finding("ok", f"TensorBoard logs runs started with {ASKED_BY}=1")]


def _writer_class() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise RuntimeError(f"{ASKED_BY} is set and TensorBoard is missing: {_INSTALL}") from error
    return SummaryWriter
