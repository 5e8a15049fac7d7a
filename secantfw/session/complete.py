"""A run to its end: trained, evaluated, reported; or stopped by a signal, saved."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from secantfw.errors import ExitCode, SecantfwError
from secantfw.evaluation.write import evaluate_in
from secantfw.parallel.group import LOST, is_loss_of_another
from secantfw.reporting.print_table import print_table
from secantfw.reporting.report import write_report
from secantfw.runtime.event_log import EventLog
from secantfw.runtime.signals import StopRequest, exit_code
from secantfw.runtime.terminal import put
from secantfw.session.trained import load_trained
from secantfw.training.job import Job
from secantfw.training.train_run import end_run, stopped_status, train_run


def complete(job: Job, say: Callable[[str], None]) -> ExitCode:
    """Train, evaluate, report; a signal ends it after the step at hand, saved."""
    go_on = f"continue with: secantfw run --resume {job.directory}"
    try:
        with StopRequest() as stop:
            observer = train_run(job, stop)
    except KeyboardInterrupt as error:
        saved = any((job.directory / "checkpoints").glob("step-*"))
        say(f"stopped at once; {go_on}" if saved else "stopped at once; no checkpoint was saved")
        return exit_code(error)
    if stop.requested and observer.done < job.loaded.experiment.train.steps:
        code = stop.exit_code()
        end_run(observer, "interrupted" if code is ExitCode.INTERRUPTED else "terminated")
        say(f"stopped after step {observer.done}; {go_on}")
        return code
    try:
        _evaluate_and_report(job, say)
    except KeyboardInterrupt as error:
        message = "during evaluation; the training is complete"
        end_run(observer, stopped_status(error), message)
        say(f"stopped {message}; {go_on}")
        return exit_code(error)
    except Exception as error:
        end_run(observer, "failed", f"evaluation: {_said(job, error)}")
        raise
    end_run(observer, "finished")
    if job.group.is_main:
        put(f"report: {write_report(job.directory, job.plugins)}")
    return ExitCode.DONE


def _evaluate_and_report(job: Job, say: Callable[[str], None]) -> None:
    """Every process makes its share of each row; the main one measures them."""
    if not job.loaded.experiment.evaluate.keys.samples:
        return
    built, student = job.built, job.update.engine.trained(job.average.network)
    if student is None:  # this process has a share of the average; the checkpoint all
        trained = load_trained(job.directory, [], job.plugins)
        built, student = trained.built, trained.student
    evaluation = evaluate_in(job.group, job.directory, built, student, say)
    if evaluation is not None:
        print_table(evaluation)


def _said(job: Job, error: Exception) -> str:
    """An error in words for outcome.json; of one that nobody foresaw the type too, and its
    traceback in events.jsonl."""
    if isinstance(error, SecantfwError):
        return str(error)
    if job.group.size > 1 and is_loss_of_another(error):
        return LOST
    facts = {"process": job.group.processes.rank, "traceback": traceback.format_exc()}
    EventLog(job.directory).add("failed", job.loaded.experiment.train.steps, **facts)
    return ": ".join(filter(None, (type(error).__name__, str(error))))
