"""Runs as jobs of a cluster, through submitit: Slurm, and submitit's own executor on this machine.

A job that is preempted or runs out of time saves and is queued again by submitit, from within. One
that dies with nobody left to do that, by SIGKILL or with its node, is queued again from here.
"""

from __future__ import annotations

import abc
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any, ClassVar

from secantfw.errors import ExitCode, UserError
from secantfw.runtime.files import write_json
from secantfw.runtime.run_folder import RunFolder
from secantfw.sweep.jobs import Job
from secantfw.sweep.launcher import Launcher, Started
from secantfw.sweep.point_run import PointRun
from secantfw.sweep.slurm_options import SlurmOptions

#: Exit codes that say what is wrong with a run: it would end with them again.
_ITS_OWN = (ExitCode.BUG, ExitCode.USER, ExitCode.ABORTED)
_QUEUED = ("PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "REQUEUED", "COMPLETING")
_RECORD = "submitted.json"
_CHECK_SECONDS = 1.0  # a look at a job is a look at a shared file system
_UNPRINTABLE = re.compile(r"[%\n]")  # a file name with % means something else to Slurm


class SubmititLauncher(Launcher):
    """Queues `PointRun`s; what submitit writes lies in the job's folder, by submission."""

    at_once: ClassVar[int | None] = None

    def __init__(self, processes: int, slurm: SlurmOptions) -> None:
        try:
            import submitit  # noqa: F401
        except ImportError as error:
            raise UserError(
                "--launcher: submitit is not installed; pip install 'secantfw[slurm]'"
            ) from error
        self.slurm = slurm

    @abc.abstractmethod
    def executor(self, folder: Path) -> Any:
        """submitit's, with its parameters set."""

    @abc.abstractmethod
    def found_again(self, folder: Path, number: str) -> Any:
        """The job that an earlier sweep queued, if it still waits or works; else None."""

    def start(self, job: Job) -> SubmittedRun:
        if _UNPRINTABLE.search(str(job.folder)):
            raise UserError(f"sweep: {str(job.folder)!r}: no % in --out, please: Slurm expands it")
        return SubmittedRun(self, job, self._queued_before(job) or self.submit(job))

    def submit(self, job: Job) -> Any:
        """Queue it.

        Raises:
            UserError: the cluster refuses it, in its own words.
        """
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        number = 1
        while (folder := job.folder / "submitit" / str(number)).exists():
            number += 1
        try:
            submitted = self.executor(folder).submit(PointRun(job, max(1, self.slurm.gpus)))
        except (FailedJobError, FailedSubmissionError) as error:
            why = (str(error).strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"sweep: the job of {job.label} was refused: {why}") from error
        said = {"folder": f"submitit/{number}", "job": submitted.job_id}
        write_json(job.folder / _RECORD, said)
        return submitted

    def _queued_before(self, job: Job) -> Any:
        try:
            said = RunFolder(job.folder).json(_RECORD)
            folder, number = str(said["folder"]), str(said["job"])
        except (UserError, KeyError):
            return None
        known = re.fullmatch(r"submitit/\d+", folder) and re.fullmatch(r"\d+", number)
        return self.found_again(job.folder / folder, number) if known else None


class SubmittedRun(Started):
    """A job, and those that take its place when it is lost."""

    def __init__(self, launcher: SubmititLauncher, job: Job, submitted: Any) -> None:
        self._launcher, self._job, self._submitted = launcher, job, submitted
        self._left = launcher.slurm.requeues
        self._looked = 0.0
        self._stopped = False

    def poll(self) -> int | None:
        if self._stopped:
            return 128 + signal.SIGTERM  # it saves and ends by itself; `Job.in_use` until then
        if time.monotonic() - self._looked < _CHECK_SECONDS:
            return None
        done, self._looked = self._submitted.done(), time.monotonic()
        if not done:
            return None
        code = self._code()
        if self._job.finished() is not None or code in _ITS_OWN:
            return code
        lost = f"job {self._submitted.job_id} was lost ({self._submitted.state}, code {code})"
        if not self._left:
            self._job.note(f"secantfw: error: {lost}, after {self._launcher.slurm.requeues} more")
            return int(ExitCode.ABORTED)
        self._left -= 1
        self._job.note(f"secantfw: {lost}; queued again")
        self._submitted = self._launcher.submit(self._job)
        return None

    def stop(self) -> None:
        self._stopped = True
        self._submitted.cancel(check=False)

    def _code(self) -> int:
        """What the run ended with; that of SIGKILL if the job left no word of it."""
        if not self._submitted.paths.result_pickle.exists():
            return -signal.SIGKILL
        try:
            return int(self._submitted.result())
        except Exception:  # submitit's own, when it gave the job up
            return -signal.SIGKILL


class SlurmLauncher(SubmititLauncher):
    """sbatch, with `[sweep.slurm]`."""

    def __init__(self, processes: int, slurm: SlurmOptions) -> None:
        super().__init__(processes, slurm)
        if shutil.which("sbatch") is None or shutil.which("srun") is None:
            raise UserError("--launcher slurm: no sbatch and srun here; is this a login node?")

    def executor(self, folder: Path) -> Any:
        import submitit

        asked = self.slurm
        executor = submitit.SlurmExecutor(folder, max_num_timeout=asked.requeues)
        said = {
            "job_name": "secantfw",
            "partition": asked.partition,
            "account": asked.account,
            "time": asked.time,
            "nodes": 1,
            "ntasks_per_node": 1,
            "gpus_per_node": asked.gpus or None,
            "cpus_per_task": asked.cpus,
            "srun_args": [f"--cpus-per-task={asked.cpus}"],  # which srun no longer inherits
            "mem": f"{asked.mem}GB",
            "signal_delay_s": asked.save_seconds,
            "additional_parameters": {"requeue": True, **asked.flags()},
        }
        executor.update_parameters(**{k: v for k, v in said.items() if v is not None})
        return executor

    def found_again(self, folder: Path, number: str) -> Any:
        import submitit

        job: Any = submitit.SlurmJob(folder=folder, job_id=number)
        return job if job.get_info(mode="force").get("State", "") in _QUEUED else None


class SubmititLocalLauncher(SubmititLauncher):
    """The same on this machine without a cluster: submitit's local executor."""

    at_once = 1

    def executor(self, folder: Path) -> Any:
        import submitit

        executor: Any = submitit.LocalExecutor(folder, max_num_timeout=self.slurm.requeues)
        executor.update_parameters(
            timeout_min=self.slurm.time,
            signal_delay_s=self.slurm.save_seconds,
            gpus_per_node=self.slurm.gpus,
        )
        return executor

    def found_again(self, folder: Path, number: str) -> Any:
        return None  # its process is known to the sweep that started it alone
