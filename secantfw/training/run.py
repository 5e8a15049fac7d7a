"""A whole run: build, plan, train, evaluate, report; new or resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import attrs
import torch

from secantfw.errors import ExitCode, ExperimentError, RunAborted, SecantfwError, UserError
from secantfw.experiment.load import LoadedExperiment, resolved_toml
from secantfw.interfaces.backbone import Backbone
from secantfw.parallel.choose import engine_of
from secantfw.parallel.group import ALONE, LOST, Group, is_loss_of_another
from secantfw.parallel.processes import EndsWithAnother
from secantfw.parallel.silent import SilentProgress
from secantfw.plugin.bibliography import bibtex
from secantfw.plugin.loader import Plugins
from secantfw.plugin.weights_formats import weights_formats
from secantfw.training import checkpoint, run_directory
from secantfw.training.batches import BatchSource
from secantfw.training.build import Built, build, build_experiment, device_of
from secantfw.training.check_built import check_built
from secantfw.training.checkpoint_folder import name_of as checkpoint_name
from secantfw.training.checkpoint_folder import steps_in
from secantfw.training.compiled import compile_networks
from secantfw.training.context import RunContext
from secantfw.training.data_place import item_source
from secantfw.training.diagnosis import diagnose
from secantfw.training.disk import disk_line
from secantfw.training.ema import Average
from secantfw.training.files import write_json, write_text
from secantfw.training.generators import seed_global
from secantfw.training.lock import RunLock
from secantfw.training.loop import train
from secantfw.training.memory import peak_bytes
from secantfw.training.observe import NonFinite, Observer
from secantfw.training.plan import Plan, make_plan
from secantfw.training.progress import Progress
from secantfw.training.provenance import Provenance, provenance_of
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
    provenance: Provenance
    group: Group = ALONE
    state: checkpoint.TrainState | None = None
    checkpoint: Path | None = None  # where `state` is from
    lock: RunLock | None = None

    @property
    def average(self) -> Average:
        return self.update.average


def prepare(
    loaded: LoadedExperiment,
    plugins: Plugins,
    device: torch.device | None = None,
    group: Group = ALONE,
) -> Run:
    """Build all of an experiment, with nothing written yet.

    Raises:
        UserError: anything about the experiment that cannot work.
    """
    e = loaded.experiment
    with group.together(), located(loaded):
        device = device_of(e) if device is None else device
        engine = engine_of(e, group)
        built = build_experiment(e, device, partial(weights_formats, plugins))
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
        if not built.dataset.size("train"):
            raise UserError(f"{e.dataset.full_name}: its training split is empty")
    streams, batch_size = Streams(e.seed, device), e.train.batch_size
    average = Average(built.student, e.ema, batch_size)
    if group.size > 1 and e.train.compile != "none":
        raise UserError("train.compile: only for a run of one process")
    compile_networks(built, average.network)
    ctx = context_of(built, average.network, streams)
    rows = group.processes.rows(batch_size) if group.size > 1 else None
    place = item_source(e.train, built.dataset, device)
    source = BatchSource(built.dataset, e.guidance, streams, e.seed, batch_size, rows, place)
    engine.prepare(built.student, average.network, built.loss, ctx)
    if engine.sharded:
        average.hold(built.student, engine.local)
    update = Update(built.student, average, e.train, engine)
    provenance = provenance_of(loaded, plugins, device)
    return Run(loaded, plugins, built, source, ctx, update, Path(), provenance, group)


def context_of(
    built: Built, ema: Backbone, streams: Streams, *, autocast: bool = True
) -> RunContext:
    """What the loss of a built experiment may use."""
    e = built.experiment
    half = autocast and e.train.precision == "bf16"
    return RunContext(
        path=built.path,
        student=built.student,
        ema=ema,
        teacher=built.teacher,
        null=built.dataset.spec.num_classes,
        streams=streams,
        steps=e.train.steps,
        guided_channels=e.guidance.channels,
        teacher_solver=build(e.teacher_solver),  # type: ignore[arg-type]
        amp=torch.bfloat16 if half else None,
    )


@contextmanager
def located(loaded: LoadedExperiment) -> Iterator[None]:
    """Give problems that know only their key its file and line."""
    try:
        yield
    except ExperimentError as error:
        raise ExperimentError(loaded.located(p) for p in error.problems) from error


def new_run(
    loaded: LoadedExperiment, plugins: Plugins, root: Path, group: Group = ALONE
) -> tuple[Run, Plan]:
    """Prepare a run and make its directory below `root`/NAME; the main process does, for all."""
    run = prepare(loaded, plugins, group=group)
    plan = planned(run, root)
    with group.together():
        if group.is_main:
            _make_directory(run, plan, root)
    run.directory = group.from_main(run.directory)
    return run, plan


def _make_directory(run: Run, plan: Plan, root: Path) -> None:
    loaded, e = run.loaded, run.loaded.experiment
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
    references = bibtex(plan.cite, run.plugins.registry.bibliographies)
    write_text(run.directory / "references.bib", "\n\n".join(references) + "\n")


def planned(run: Run, place: Path) -> Plan:
    """The plan of a run whose checkpoints go below `place`.

    Raises:
        UserError: a loss that fails, a student that does not start right, no room on the disk.
    """
    with run.group.together(), run.update.engine.whole():
        plan = make_plan(run.built, run.ctx, run.source)
        disk = disk_line(place, run.built.student, run.loaded.experiment.train)
    return attrs.evolve(plan, disk=disk, processes=run.update.engine.said())


def train_run(run: Run, stop: StopRequest) -> Observer:
    """Train to the end or to a signal; `observer.done` says how far it came.

    Raises:
        RunAborted: non-finite numbers or a checkpoint that could not be written; outcome.json
            says so.
        KeyboardInterrupt: a second signal; outcome.json says so, nothing more was saved.
    """
    e, built, group = run.loaded.experiment, run.built, run.group
    first = 0 if run.state is None else run.state.step
    info = RunInfo(run.directory, e.title, e.train.steps, first, built.device.type)
    bar = Progress(e.train.steps, first, "training") if group.is_main else SilentProgress()
    with bar as progress:
        observer = Observer(
            built,
            run.update,
            info,
            run.plugins,
            progress,
            run.provenance,
            run.state,
            run.ctx.counts,
            group,
        )
        observer.tell("secantfw_run_started")
        if run.checkpoint is None:
            seed_global(e.seed, rank=group.processes.rank)
        else:
            checkpoint.restore_generators(run.checkpoint, e.seed, first, group)
        try:
            observer.done = train(built, run.source, run.ctx, run.update, observer, stop, first)
        except NonFinite as error:
            aborted = _diagnosed(run, error)
            end_run(observer, "failed", str(aborted))
            raise aborted from error
        except torch.OutOfMemoryError as error:
            aborted = RunAborted(f"step {observer.done + 1}: {_first_line(error)}; {_intact(run)}")
            end_run(observer, "failed", str(aborted))
            raise aborted from error
        except Exception as error:
            if group.size > 1 and is_loss_of_another(error):
                aborted = RunAborted(f"step {observer.done + 1}: {LOST}; {_intact(run)}")
                end_run(observer, "failed", str(aborted))
                raise aborted from error
            if isinstance(error, UserError) and observer.done > first and group.size == 1:
                with suppress(RunAborted):  # data that cannot be read take no step with them
                    observer.save(observer.done)
            end_run(observer, "failed", _first_line(error))
            raise
        except KeyboardInterrupt as error:
            saved = steps_in(run.directory / "checkpoints")
            known = f"the newest checkpoint is {saved[-1].name}" if saved else "nothing was saved"
            end_run(observer, stopped_status(error), f"at once, within a step; {known}")
            raise
    return observer


def stopped_status(error: KeyboardInterrupt) -> Status:
    return "interrupted" if exit_code(error) is ExitCode.INTERRUPTED else "terminated"


def _diagnosed(run: Run, error: NonFinite) -> SecantfwError:
    """The same error with what was found when the step was computed again."""
    folder = run.directory / "diagnosis" / checkpoint_name(error.step)
    rank = run.group.processes.rank
    try:
        with run.update.engine.whole():
            own = folder if rank == 0 else folder / f"process-{rank}"
            found = diagnose(own, run.built, run.source, run.ctx, error.step, error.values)
        text = f"{found.text()}; see {own}"
    except Exception as failure:  # a second fault must not hide the first
        text = f"no diagnosis ({_first_line(failure)})"
    texts = run.group.gather(text)
    text = next((t for t in texts if t.startswith("not finite")), texts[0])
    if not run.group.is_main:
        return EndsWithAnother(ExitCode.ABORTED)
    return RunAborted(f"{error}; {text}; {_intact(run)}")


def _intact(run: Run) -> str:
    kept = steps_in(run.directory / "checkpoints")
    return f"{kept[-1].name} is intact" if kept else "there is no checkpoint yet"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def end_run(observer: Observer, status: Status, message: str = "") -> None:
    """Tell the plug-ins, and write outcome.json, the run's last file; the main process does.

    Raises:
        OSError: it cannot be written and the run finished; of another end there is more to say.
    """
    if not observer.group.is_main:
        return
    outcome = Outcome(
        status=status,
        step=observer.done,
        steps=observer.run.steps,
        seconds=round(observer.spent, 2),
        message=message,
        detached=tuple(observer.detached),
        peak_memory_bytes=peak_bytes(observer.built.device),
    )
    try:
        observer.tell("secantfw_run_ended", outcome=outcome)
    finally:  # a signal ends what a plug-in does, not the record of the run
        outcome = attrs.evolve(outcome, detached=tuple(observer.detached))
        try:
            write_json(observer.run.directory / "outcome.json", attrs.asdict(outcome))
        except OSError as error:
            if status == "finished":
                raise
            observer.progress.note(f"outcome.json cannot be written ({error.strerror})")
