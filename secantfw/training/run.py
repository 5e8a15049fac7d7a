"""A whole run: build, plan, train, evaluate, report; new or resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import torch

from secantfw.errors import ExitCode, ExperimentError, RunAborted, UserError
from secantfw.experiment.load import LoadedExperiment, load, resolved_toml
from secantfw.plugin.loader import Plugins
from secantfw.training import checkpoint, run_directory
from secantfw.training.batches import BatchSource
from secantfw.training.build import Built, build, build_experiment, check_built, device_of
from secantfw.training.context import RunContext
from secantfw.training.ema import Average
from secantfw.training.files import write_json
from secantfw.training.lock import RunLock
from secantfw.training.loop import train
from secantfw.training.observe import Observer
from secantfw.training.plan import Plan, make_plan
from secantfw.training.progress import Progress
from secantfw.training.randomness import Streams
from secantfw.training.run_directory import Outcome, RunInfo, Status
from secantfw.training.signals import StopRequest, exit_code
from secantfw.training.update import Update


@attrs.define
class Run:
    """Everything of one run that is alive between its stages."""

    loaded: LoadedExperiment
    plugins: Plugins
    built: Built
    source: BatchSource
    ctx: RunContext
    update: Update
    directory: Path
    state: checkpoint.TrainState | None
    lock: RunLock | None = None

    @property
    def average(self) -> Average:
        return self.update.average


def prepare(loaded: LoadedExperiment, plugins: Plugins, device: torch.device | None = None) -> Run:
    """Build all of an experiment, with nothing written yet.

    Raises:
        UserError: anything about the experiment that cannot work.
    """
    e = loaded.experiment
    device = device_of(e) if device is None else device
    with located(loaded):
        built = build_experiment(e, device)
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
    streams = Streams(e.seed, device)
    average = Average(built.student, e.ema)
    ctx = RunContext(
        path=built.path,
        student=built.student,
        ema=average.network,
        teacher=built.teacher,
        null=built.dataset.spec.num_classes,
        streams=streams,
        steps=e.train.steps,
        teacher_solver=lambda: build(e.evaluate.reference),  # type: ignore[arg-type, return-value]
        amp=torch.bfloat16 if e.train.precision == "bf16" else None,
    )
    if not built.dataset.size("train"):
        raise UserError(f"{e.dataset.full_name}: its training split is empty")
    source = BatchSource(built.dataset, e.guidance, streams, e.seed, e.train.batch_size)
    update = Update(built.student, average, e.train)
    return Run(loaded, plugins, built, source, ctx, update, Path(), None)


@contextmanager
def located(loaded: LoadedExperiment) -> Iterator[None]:
    """Give problems that know only their key its file and line."""
    try:
        yield
    except ExperimentError as error:
        raise ExperimentError(loaded.located(p) for p in error.problems) from error


def new_run(loaded: LoadedExperiment, plugins: Plugins, root: Path) -> tuple[Run, Plan]:
    """Prepare a run and make its directory below `root`/NAME."""
    run = prepare(loaded, plugins)
    plan = make_plan(run.built, run.ctx, run.source)
    e = loaded.experiment
    run.directory = run_directory.create(
        root,
        e.name,
        loaded.digest,
        loaded.files,
        resolved_toml(loaded, origins=True),
        e.seed,
        run.built.device.type,
    )
    run.lock = RunLock(run.directory)
    write_json(run.directory / "plan.json", plan.as_json())
    return run, plan


def resumed_run(
    directory: Path, overrides: Sequence[str], plugins: Plugins, note: Callable[[str], None]
) -> tuple[Run, Plan]:
    """The run of an existing directory, at its newest valid checkpoint.

    Raises:
        UserError: no run, a finished one, no valid checkpoint, or an experiment that changed.
    """
    directory = run_directory.open_run(directory)
    lock = RunLock(directory)
    outcome = directory / "outcome.json"
    if _finished(outcome):
        raise UserError(f"{directory}: this run has finished; evaluate it, or start a new one")
    loaded = load(directory / "resolved.toml", overrides, plugins)
    found, complaints = checkpoint.newest_valid(directory / "checkpoints")
    state = checkpoint.read_state(found)
    if state.digest != loaded.digest:
        raise UserError(
            f"{directory}: its experiment has changed since {found.name} was written; a resumed "
            "run must be the same experiment"
        )
    run = prepare(loaded, plugins)
    plan = make_plan(run.built, run.ctx, run.source)
    run.state = checkpoint.restore(found, run.built.student, run.update)
    run.built.time_sampler.load_state_dict(run.state.time_sampler)
    run.directory, run.lock = directory, lock
    for complaint in complaints:
        note(f"{complaint}; using {found.name}")
    outcome.unlink(missing_ok=True)
    return run, plan


def _finished(outcome: Path) -> bool:
    """Whether the run's last file says so; one that cannot be read says nothing."""
    try:
        return bool(json.loads(outcome.read_text())["status"] == "finished")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def train_run(run: Run, stop: StopRequest) -> Observer:
    """Train to the end or to a signal; `observer.done` says how far it came.

    Raises:
        RunAborted: non-finite numbers or a checkpoint that could not be written; outcome.json
            says so.
        KeyboardInterrupt: a second signal; outcome.json says so, nothing more was saved.
    """
    e, built = run.loaded.experiment, run.built
    first = 0 if run.state is None else run.state.step
    info = RunInfo(run.directory, e.title, e.train.steps, first, built.device.type)
    with Progress(e.train.steps, first, "training") as progress:
        observer = Observer(
            built, run.update, info, run.plugins, progress, run.loaded.digest, run.state
        )
        observer.tell("secantfw_run_started")
        try:
            observer.done = train(built, run.source, run.ctx, run.update, observer, stop, first)
        except RunAborted as error:
            end_run(observer, "failed", str(error))
            raise
        except KeyboardInterrupt as error:
            saved = [f.name for f in checkpoint.steps_in(run.directory / "checkpoints")]
            known = f"the newest checkpoint is {saved[-1]}" if saved else "no checkpoint was saved"
            end_run(observer, stopped_status(error), f"at once, within a step; {known}")
            raise
    return observer


def stopped_status(error: KeyboardInterrupt) -> Status:
    return "interrupted" if exit_code(error) is ExitCode.INTERRUPTED else "terminated"


def end_run(observer: Observer, status: Status, message: str = "") -> None:
    """Tell the plug-ins, and write outcome.json, the run's last file."""
    outcome = Outcome(
        status=status,
        step=observer.done,
        steps=observer.run.steps,
        seconds=round(observer.spent, 2),
        message=message,
        detached=tuple(observer.detached),
    )
    try:
        observer.tell("secantfw_run_ended", outcome=outcome)
    finally:  # a signal ends what a plug-in does, not the record of the run
        outcome = attrs.evolve(outcome, detached=tuple(observer.detached))
        write_json(observer.run.directory / "outcome.json", attrs.asdict(outcome))
