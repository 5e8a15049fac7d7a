"""The hooks a plug-in may implement. All are additive; none can change an experiment.

The resolved TOML is the whole truth about a run, so there is no hook that edits one. A hook
implementation may take fewer arguments than are listed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from secantfw.discovery.registry import Register
from secantfw.errors import Problem

if TYPE_CHECKING:
    from secantfw.discovery.commands import Subparsers
    from secantfw.experiment.experiment import Experiment
    from secantfw.interfaces.finding import Finding
    from secantfw.interfaces.report import ReportedEvaluation, ReportPart
    from secantfw.interfaces.run import Outcome, RunInfo

hookspec = pluggy.HookspecMarker("secantfw")


@hookspec
def secantfw_components(register: Register) -> None:
    """Register components and assets by import string. Runs for every command: import nothing
    heavy here."""


@hookspec
def secantfw_experiments() -> Iterable[Path]:  # type: ignore[empty-body]
    """Folders of experiment files that the plug-in ships: `secantfw run PLUGIN/FILE.toml`."""


@hookspec
def secantfw_check(experiment: Experiment) -> Iterable[Problem]:  # type: ignore[empty-body]
    """Problems that only the whole experiment shows; a `Problem(warning=True)` stops nothing."""


@hookspec
def secantfw_run_started(run: RunInfo) -> None:
    """A run begins; called before its first step, also on resume."""


@hookspec
def secantfw_step_logged(run: RunInfo, step: int, scalars: Mapping[str, float]) -> None:
    """Every `train.log_every_steps` steps, with floats already on the CPU; never once per step."""


@hookspec
def secantfw_run_ended(run: RunInfo, outcome: Outcome) -> None:
    """A run ends: finished, interrupted or failed."""


@hookspec
def secantfw_report_sections(  # type: ignore[empty-body]
    evaluation: ReportedEvaluation,
) -> Iterable[ReportPart]:
    """What a run's report shows of the numbers of this plug-in's metrics beside the table and the
    charts: each a `ReportTable`, a `ReportFigure` or a `ReportNote`."""


@hookspec
def secantfw_commands(subparsers: Subparsers) -> None:
    """Extra verbs. A verb of the core or of another plug-in cannot be replaced."""


@hookspec
def secantfw_weights_formats() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Formats of foreign weights files, which `secantfw convert` and `weights = FILE` read: a name
    and the import string of a `WeightsFormat`. Imported only where a foreign file is named."""


@hookspec
def secantfw_doctor() -> Iterable[Finding]:  # type: ignore[empty-body]
    """What this plug-in needs of the machine, and whether it is there."""
