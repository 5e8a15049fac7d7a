"""Which of how many processes this one is, as torchrun's environment says it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from secantfw.errors import ExitCode, SecantfwError, UserError

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class EndsWithAnother(SecantfwError):
    """Another process says why; this one ends with the same code and no line of its own."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__("another process ended the run")
        self.exit_code = code

    def lines(self) -> list[str]:
        return []


@attrs.frozen
class Processes:
    """This process is number `rank` of `size`, and number `local_rank` of `local_size` on its
    machine.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    launched: bool = False  # by torchrun or its like, so that there is a group to join

    @property
    def is_main(self) -> bool:
        """Whether this is the one that writes, shows progress and takes the run's lock."""
        return self.rank == 0

    def rows(self, total: int) -> range:
        """The rows of a global batch that this process computes: all processes' make the whole,
        none twice, in sizes that differ by at most one."""
        return range(total * self.rank // self.size, total * (self.rank + 1) // self.size)


def processes_of(environment: Mapping[str, str]) -> Processes:
    """What the environment says; one process of one where nobody launched several.

    Raises:
        UserError: a part of it is missing or no number.
    """
    if "RANK" not in environment and "WORLD_SIZE" not in environment:
        return Processes()
    missing = [name for name in _NEEDED if name not in environment]
    if missing:
        raise UserError(
            f"the environment has a part of torchrun's variables; missing: {', '.join(missing)}"
        )
    rank, size = _number(environment, "RANK"), _number(environment, "WORLD_SIZE")
    local = _number(environment, "LOCAL_RANK") if "LOCAL_RANK" in environment else rank
    if not 0 <= rank < size:
        raise UserError(f"RANK is {rank} and WORLD_SIZE {size}; expected 0 <= RANK < WORLD_SIZE")
    here = _number(environment, "LOCAL_WORLD_SIZE") if "LOCAL_WORLD_SIZE" in environment else 1
    return Processes(rank, size, local, max(1, here), launched=True)


def _number(environment: Mapping[str, str], name: str) -> int:
    try:
        return int(environment[name])
    except ValueError:
        raise UserError(f"{name}: expected a number, got {environment[name]!r}") from None
