"""The group of a run's processes, and how they agree; alone, one does at once."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs
import torch.distributed as dist
from torch import Tensor

from secantfw.errors import ExitCode, RunAborted, SecantfwError
from secantfw.parallel.processes import EndsWithAnother, Processes
from secantfw.runtime.devices import take_own

#: After this long without an answer a process is taken for lost. Rank 0 alone writes checkpoints
#: meanwhile, so it is not short.
TIMEOUT = datetime.timedelta(minutes=20)

#: Of what processes do each for itself: it may take as long as it takes. One that ends is noticed
#: at once, by its closed connections.
PATIENCE = datetime.timedelta(days=14)
_POLL_SECONDS = 0.02

LOST = "another process was lost"
#: What gloo and nccl say of a process that is gone, and of one that does not answer.
_SIGNS = (
    "connection closed by peer", "connection reset by peer", "broken pipe", "timed out", "timeout",
    "connection refused", "remote process exited", "watchdog", "connection was likely closed",
    "nccl communicator was aborted", "socket closed", "failed to recv",
)  # fmt: skip

T = TypeVar("T")


@attrs.frozen
class Group:
    """The processes of a run that have joined; all of them make the same calls in one order."""

    processes: Processes = attrs.field(factory=Processes)
    #: The same processes again, whose collectives wait as long as `PATIENCE`.
    patient: dist.ProcessGroup | None = None

    @property
    def is_main(self) -> bool:
        return self.processes.is_main

    @property
    def size(self) -> int:
        return self.processes.size

    def from_main(self, value: T) -> T:
        """The main process's `value`, on all."""
        if self.size == 1:
            return value
        held: list[Any] = [value]
        dist.broadcast_object_list(held, src=0)
        return held[0]  # type: ignore[no-any-return]

    def gather(self, value: T) -> list[T]:
        """Every process's `value`, by rank, on all."""
        if self.size == 1:
            return [value]
        held: list[Any] = [None] * self.size
        dist.all_gather_object(held, value)
        return held

    def mean(self, value: Tensor) -> Tensor:
        """The mean over the processes, in place."""
        if self.size > 1:
            dist.all_reduce(value)
            value /= self.size
        return value

    def arrived(self) -> None:
        """Wait until all processes are here, for whatever time; a signal is heeded meanwhile.

        Raises:
            RuntimeError: another process is gone (`is_loss_of_another`).
        """
        if self.size == 1:
            return
        work = dist.barrier(group=self.patient, async_op=True)
        while not work.is_completed():
            time.sleep(_POLL_SECONDS)
        work.wait()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """As `together`, for what takes one process longer than another by any time: nobody is
        taken for lost because it works, and whoever is done waits for the others."""
        with self.together(patiently=True):
            yield

    @contextmanager
    def together(self, *, patiently: bool = False) -> Iterator[None]:
        """What one process cannot do, none does: all leave with an error if any met one.

        Raises:
            EndsWithAnother: another process says it, or said the same.
        """
        own: SecantfwError | None = None
        try:
            yield
        except SecantfwError as error:
            if self.size == 1:
                raise
            own = error
        if patiently:
            self.arrived()
        said = self.gather(None if own is None else (own.lines(), int(own.exit_code)))
        first = next((n for n, one in enumerate(said) if one is not None), None)
        if first is None:
            return
        known = said[: self.processes.rank]
        if own is not None and said[self.processes.rank] not in known:
            raise own
        raise EndsWithAnother(ExitCode(said[first][1])) from own  # type: ignore[index]

    def check_equal(self, what: str, value: object) -> None:
        """Refuse to go on where the processes do not hold the same.

        Raises:
            RunAborted: by rank, what they hold.
        """
        held = self.gather(value)
        if any(one != held[0] for one in held):
            said = ", ".join(f"process {rank}: {one}" for rank, one in enumerate(held))
            raise RunAborted(f"the processes do not hold the same {what} ({said})")


ALONE = Group()


def is_loss_of_another(error: BaseException) -> bool:
    """Whether an error of a collective says that another process is gone."""
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in said for sign in _SIGNS)


@contextmanager
def joined(processes: Processes, timeout: datetime.timedelta = TIMEOUT) -> Iterator[Group]:
    """The group of `processes`; gloo for tensors on the CPU, for others what torch takes (nccl).

    It is left in order only at a good end: an error first shows its own traceback, and the others
    learn of it when this process is gone.
    """
    if not processes.launched:
        yield ALONE
        return
    dist.init_process_group(
        take_own(processes.local_rank),
        rank=processes.rank,
        world_size=processes.size,
        timeout=timeout,
    )
    patient = dist.new_group(backend="gloo", timeout=PATIENCE)
    try:
        yield Group(processes, patient)  # type: ignore[arg-type]  # -100 stands for non-members
    except RuntimeError as error:
        if is_loss_of_another(error):
            raise RunAborted(LOST) from error
        raise
    dist.destroy_process_group()
