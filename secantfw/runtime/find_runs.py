"""Run directories below a folder: a bounded look, which follows no link and enters no run."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from secantfw.errors import UserError, printable

_MARK = "resolved.toml"
#: `runs/SWEEP/POINT/NAME/DATE` is four; some more, for who sorts theirs into folders.
_MOST_DEPTH = 8
_MOST_ENTRIES = 1_000_000


def runs_below(folder: Path, most_entries: int = _MOST_ENTRIES) -> Iterator[Path]:
    """The run directories below `folder`, in no particular order.

    Raises:
        UserError: more names than any collection of runs has: a whole disk, say.
    """
    waiting = deque([(os.fspath(folder), 0)])
    seen = 0
    while waiting:
        place, depth = waiting.popleft()
        inner: list[str] = []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    seen += 1
                    if seen > most_entries:
                        raise UserError(
                            f"{printable(folder)}: more than {most_entries:,} names to look "
                            "through for runs; name a folder nearer to them"
                        )
                    if entry.name == _MARK and entry.is_file(follow_symlinks=False):
                        yield Path(place)
                        inner.clear()
                        break
                    if entry.is_dir(follow_symlinks=False):
                        inner.append(entry.path)
        except OSError:
            continue  # not ours to look at
        if depth < _MOST_DEPTH:
            waiting += [(one, depth + 1) for one in inner]
