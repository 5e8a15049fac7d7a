"""[sweep.slurm]: what a job of the cluster asks for. No torch and no submitit here."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from secantfw.options import option

#: What may stand in a line of a batch script as it is; a line break would be a command.
_WORD = re.compile(r"[A-Za-z0-9_.,:@%/+*&|()\[\]-]+")
_FLAG = re.compile(rf"(?P<name>[a-z][a-z0-9-]*)(=(?P<value>{_WORD.pattern}))?")
#: These are set here, or by submitit; said twice they would undo the requeueing or lose the log.
_OWN = (
    "account", "array", "cpus-per-task", "error", "gpus-per-node", "job-name", "mem", "nodes",
    "ntasks", "ntasks-per-node", "open-mode", "output", "partition", "signal", "time",
)  # fmt: skip


@attrs.frozen
class SlurmOptions:
    """Keys of `[sweep.slurm]`: of every job, which is one run."""

    partition: str | None = option(None, "partition, or several with commas; unsaid: the default")
    account: str | None = option(None, "account that is charged")
    time: int = option(
        240,
        "of a job; a longer run is queued again and goes on",
        unit="min",
        ge=1,
        limit=10_000_000,
    )
    gpus: int = option(1, "GPUs of a run, a process each; 0: none", ge=0, le=64)
    cpus: int = option(4, "CPU cores of a run", ge=1, limit=100_000)
    mem: int = option(16, "memory of a run", unit="GB", ge=1, limit=1_000_000)
    extra: tuple[str, ...] = option((), 'other flags of sbatch, as "qos=high" or "exclusive"')
    save_seconds: int = option(
        120,
        "before its time is up a run is asked to save and end",
        unit="s",
        ge=1,
        limit=10_000_000,
    )
    requeues: int = option(20, "times that one run is queued again at most", ge=0, limit=1_000_000)

    def __attrs_post_init__(self) -> None:
        for name, value in (("partition", self.partition), ("account", self.account)):
            if value is not None and not _WORD.fullmatch(value):
                raise ValueError(f"{name}: expected one word, got {value!r}")
        if self.save_seconds >= 60 * self.time:
            raise ValueError(f"save_seconds: expected less than time, {60 * self.time} s")
        self.flags()

    def flags(self) -> Mapping[str, str | bool]:
        """`extra` by name.

        Raises:
            ValueError: one is no flag, or one that is set by another key.
        """
        found: dict[str, str | bool] = {}
        for text in self.extra:
            said = _FLAG.fullmatch(text)
            if said is None:
                raise ValueError(f'extra: expected "FLAG=WORD" or "FLAG", got {text!r}')
            if said["name"] in _OWN:
                raise ValueError(f"extra: {said['name']} is set by another key, or not to be set")
            found[said["name"]] = said["value"] or True
        return found
