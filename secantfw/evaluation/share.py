"""What of an evaluation falls to this process, and whether it is the one that measures."""

from __future__ import annotations

import attrs

from secantfw.parallel.group import ALONE, Group
from secantfw.sampling.shard import WHOLE, Shard


@attrs.frozen
class Share:
    """The blocks of `shard` are this process's to make.

    Either of a `group`, whose main process measures what all have made; or of several commands
    that do not know each other, of which none does (`--shard`).
    """

    shard: Shard = WHOLE
    group: Group = ALONE
    measures: bool = True


def share_of(group: Group) -> Share:
    """Of a process of a group."""
    return Share(Shard(group.processes.rank, group.size), group, group.is_main)
