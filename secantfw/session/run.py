"""`secantfw.Run`: a run directory as a Python object. Creating one costs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import attrs

from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError
from secantfw.experiment.load import LoadedExperiment, load
from secantfw.load_plugins import load_plugins
from secantfw.reporting.run_files import RunFiles, read_run
from secantfw.runtime.run_directory import open_run
from secantfw.runtime.terminal import say
from secantfw.session.trained import TrainedRun, load_to_measure, load_trained

if TYPE_CHECKING:
    from torch import Tensor

    from secantfw.evaluation.evaluation import Evaluation
    from secantfw.experiment.experiment import Experiment
    from secantfw.experiment.schema import Guidance
    from secantfw.interfaces.backbone import Backbone
    from secantfw.interfaces.teacher import Teacher
    from secantfw.session.samples import Samples


@final
class Run:
    """A trained run: made by `secantfw.load` and `secantfw.run`.

    `directory` is its folder. Networks are loaded when they are first asked for; what was measured
    is read from the folder each time.
    """

    def __init__(
        self, directory: Path, overrides: Sequence[str] = (), trust: bool = False
    ) -> None:
        self.directory = open_run(directory)
        self._overrides, self._trust = tuple(overrides), trust

    @property
    def title(self) -> str:
        return self._files.title

    @cached_property
    def experiment(self) -> Experiment:
        """The resolved experiment, under the overrides that the run was loaded with."""
        return self._experiment(self._overrides)

    @property
    def student(self) -> Backbone:
        """The average of the student's weights (EMA) at the newest valid checkpoint."""
        return self._trained.student

    @property
    def teacher(self) -> Teacher | None:
        """The teacher; None for a run that trains without one."""
        return self._trained.built.teacher

    @property
    def evaluation(self) -> Evaluation | None:
        """What was last measured: `columns`, and `rows` with `series`, `nfe`, `values`."""
        return self._files.evaluation

    @property
    def metrics(self) -> tuple[Mapping[str, Any], ...]:
        """The training log: a mapping for each step that was logged, with `step`, `loss` ..."""
        return self._files.log.entries

    @property
    def outcome(self) -> Mapping[str, Any]:
        """How the training ended: `status`, `step`, `seconds` ...; empty while it goes on."""
        return self._files.outcome

    @property
    def report(self) -> Path:
        """The run's report.html."""
        return self.directory / "report.html"

    def sample(
        self,
        n: int,
        steps: int | None = None,
        *,
        seed: int = 0,
        labels: int | Sequence[int] | Tensor | None = None,
        guidance: float | None = None,
    ) -> Samples:
        """Samples 0..n-1. Sample k is that of `secantfw sample` bit for bit, whatever n is.

        Args:
            n: how many.
            steps: of the run's solver; by default as many as the student was trained for, 4 where
                training singles out no number.
            seed: of the noise.
            labels: one for all, or one each, in 0..num_classes (the null class); by default
                sample k has label k mod num_classes.
            guidance: the scale; by default the run's `guidance.scale`.

        Raises:
            UserError: numbers out of range, labels or a scale that do not fit the run.
        """
        from secantfw.session.draw_samples import draw_samples

        return draw_samples(self._trained, n, steps, seed, labels, self._guidance(guidance))

    def evaluate(self, *overrides: str) -> Evaluation:
        """Measure again, as `secantfw evaluate RUN key=value ...`; rewrites evaluation and report.

        Raises:
            UserError: an override that would change the network, or no samples to measure; another
                process writes to the run.
        """
        from secantfw.evaluation.write import evaluate_to
        from secantfw.reporting.report import write_report
        from secantfw.runtime.lock import locked

        said = [*self._overrides, *overrides]
        with locked(self.directory):
            trained = load_to_measure(self.directory, said, self._plugins())
            found = evaluate_to(self.directory, trained.built, trained.student, say, said)
            write_report(self.directory, self._plugins())
        return found

    def __repr__(self) -> str:
        return f"<secantfw.Run {str(self.directory)!r}: {self.title}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: title, headline and a sample grid."""
        from secantfw.session.summary import summary

        return summary(self._files, self.report, self._plugins())

    @property
    def _files(self) -> RunFiles:
        return read_run(self.directory)

    @cached_property
    def _trained(self) -> TrainedRun:
        return load_trained(self.directory, self._overrides, self._plugins())

    def _guidance(self, scale: float | None) -> Guidance:
        from secantfw.checking.check_guidance import guidance_problems

        if scale is None:
            return self.experiment.guidance
        loaded = self._loaded([*self._overrides, f"guidance.scale={scale!r}"])
        built = attrs.evolve(self._trained.built, experiment=loaded.experiment)
        problems = tuple(guidance_problems(built))
        if problems:
            raise ExperimentError(map(loaded.located, problems))
        for warning in loaded.warnings:
            say(str(warning))
        return loaded.experiment.guidance

    def _experiment(self, overrides: Sequence[str]) -> Experiment:
        return self._loaded(overrides).experiment

    def _loaded(self, overrides: Sequence[str]) -> LoadedExperiment:
        return load(self.directory / "resolved.toml", overrides, self._plugins())

    def _plugins(self) -> Plugins:
        """Anew each time: an experiment's local plug-ins are loaded into it."""
        found = load_plugins()
        found.trust = self._trust
        found.warn()
        return found
