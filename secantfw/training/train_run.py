"""How a run ends: trained to its last step, or stopped by a signal, by numbers that are not
finite, for lack of memory, or because another process was lost. outcome.json says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import attrs
import torch

from secantfw.errors import ExitCode, RunAborted, SecantfwError, UserError
from secantfw.interfaces.run import Outcome, RunInfo, Status
from secantfw.parallel.group import LOST, is_loss_of_another
from secantfw.parallel.processes import EndsWithAnother
from secantfw.runtime.checkpoint_folder import name_of as checkpoint_name
from secantfw.runtime.checkpoint_folder import steps_in
from secantfw.runtime.files import write_json
from secantfw.runtime.memory import peak_bytes
from secantfw.runtime.progress import Progress
from secantfw.runtime.signals import StopRequest, exit_code
from secantfw.runtime.silent import SilentProgress
from secantfw.training import checkpoint
from secantfw.training.diagnosis import diagnose
from secantfw.training.generators import seed_global
from secantfw.training.job import Job
from secantfw.training.loop import train
from secantfw.training.observe import NonFinite, Observer


def train_run(run: Job, stop: StopRequest) -> Observer:
    """Train to the end or to a signal; `observer.done` says how far it came.

    Raises:
        RunAborted: non-finite numbers or a checkpoint that could not be written; outcome.json
            says so.
        KeyboardInterrupt: a second signal; outcome.json says so, nothing more was saved.
    """
    e, group = run.loaded.experiment, run.group
    first = 0 if run.state is None else run.state.step
    bar = Progress(e.train.steps, first, "training") if group.is_main else SilentProgress()
    with bar as progress:
        observer = _observer(run, progress, first)
        observer.tell("secantfw_run_started")
        if run.checkpoint is None:
            seed_global(e.seed, rank=group.processes.rank)
        else:
            checkpoint.restore_generators(run.checkpoint, e.seed, first, group)
        with _a_bad_end_recorded(run, observer, first):
            observer.done = train(
                run.built, run.source, run.ctx, run.update, observer, stop, first
            )
    return observer


def _observer(run: Job, progress: Progress, first: int) -> Observer:
    e, device = run.loaded.experiment, run.built.device
    return Observer(
        run.built,
        run.update,
        RunInfo(run.directory, e.title, e.train.steps, first, device.type),
        run.plugins,
        progress,
        run.provenance,
        run.state,
        run.ctx.counts,
        run.group,
    )


@contextmanager
def _a_bad_end_recorded(run: Job, observer: Observer, first: int) -> Iterator[None]:
    """Write outcome.json when training does not end well, and say why, as one line if it can."""
    try:
        yield
    except KeyboardInterrupt as error:
        saved = steps_in(run.directory / "checkpoints")
        known = f"the newest checkpoint is {saved[-1].name}" if saved else "nothing was saved"
        end_run(observer, stopped_status(error), f"at once, within a step; {known}")
        raise
    except Exception as error:
        aborted = _aborted(run, observer, error)
        if aborted is None:
            if isinstance(error, UserError) and observer.done > first and run.group.size == 1:
                with suppress(RunAborted):  # data that cannot be read take no step with them
                    observer.save(observer.done)
            end_run(observer, "failed", _first_line(error))
            raise
        end_run(observer, "failed", str(aborted))
        raise aborted from error


def _aborted(run: Job, observer: Observer, error: Exception) -> SecantfwError | None:
    """What ends a run through no mistake in it; None for any other error, which says it best."""
    if isinstance(error, NonFinite):
        return _diagnosed(run, error)
    step = observer.done + 1
    if isinstance(error, torch.OutOfMemoryError):
        return RunAborted(f"step {step}: {_first_line(error)}; {_intact(run)}")
    if run.group.size > 1 and is_loss_of_another(error):
        return RunAborted(f"step {step}: {LOST}; {_intact(run)}")
    return None


def stopped_status(error: KeyboardInterrupt) -> Status:
    return "interrupted" if exit_code(error) is ExitCode.INTERRUPTED else "terminated"


def _diagnosed(run: Job, error: NonFinite) -> SecantfwError:
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


def _intact(run: Job) -> str:
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
