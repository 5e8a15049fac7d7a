"""What `secantfw pack` has written so far, so that a kill or a full disk costs seconds of work.

Files only grow. Now and then they are flushed to the disk, and then pack.json says how long each
of them is: whatever lies behind that is cut off when the packing is taken up again. The headers of
large files are written when they are full, so that nothing else reads half of one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import torch
from torch import Tensor

from secantfw import RunAborted, UserError
from secantfw_data.growing_file import GrowingFile, sync_folder
from secantfw_data.packed_folder import (
    FILES,
    FLIPPED,
    LABEL,
    LATENTS,
    STATE,
    PackedShard,
    PackState,
    RowType,
    read_state,
    shard_file,
    state_text,
)

_OF_THE_DISK = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
)  # fmt: skip
_UNWRITTEN = f".{STATE}.tmp"
_BYTES_BETWEEN_COMMITS = 64 << 20
_FILES_BETWEEN_COMMITS = 10_000
_COUNT = RowType("I64", ())
_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
}


@attrs.frozen(eq=False)
class Block:
    """Rows that follow one another: latents of the stored type, and (k,) int64 labels."""

    plain: Tensor
    flipped: Tensor | None
    label: Tensor | None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for one process alone; the kernel frees it after a kill.

    Raises:
        UserError: another process packs into it.
        RunAborted: it cannot be made or written to.
    """
    with disk_errors_said(folder):
        folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with disk_errors_said(folder):
            yield
    except BlockingIOError as error:
        raise UserError(f"{folder}: another `secantfw pack` is writing it") from error
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors_said(folder: Path) -> Iterator[None]:
    """A full, read-only or failing disk in one line.

    Raises:
        RunAborted: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTDIR):
            raise UserError(f"{folder}: is no folder; name another --out") from error
        if error.errno not in _OF_THE_DISK:
            raise
        raise RunAborted(
            f"{error.filename or folder}: cannot be written ({error.strerror}); what is packed so "
            "far is kept: make room and call it again"
        ) from error


def resumed(folder: Path, fresh: PackState) -> PackState:
    """What `folder` holds of the same packing; `fresh`, written there, where it is empty.

    Raises:
        UserError: it holds something else.
    """
    (folder / _UNWRITTEN).unlink(missing_ok=True)
    if not (folder / STATE).is_file():
        if any(folder.iterdir()):
            raise UserError(f"{folder}: is not empty, and no packing; name another --out")
        _write_state(folder, fresh)
        return fresh
    state = read_state(folder)
    if (state.of, state.files) != (fresh.of, fresh.files):
        raise UserError(
            f"{folder}: is a packing of {state.source}, with other files or options; name another "
            "--out, or remove it"
        )
    return state


def remove_strays(folder: Path, state: PackState) -> None:
    """Large files that `state` does not count, of a packing that came further than it says."""
    kept = {
        shard_file(folder, name, n)
        for n in range(len(state.shards))
        for name in (LATENTS, FLIPPED)
    }
    for file in folder.glob(f"{LATENTS}*.safetensors"):
        if file not in kept:
            file.unlink()
    if not state.labels:
        (folder / LABEL[0]).unlink(missing_ok=True)


def _write_state(folder: Path, state: PackState) -> None:
    temporary = folder / _UNWRITTEN
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(state_text(state))
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, folder / STATE)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)


class PackWriter:
    """Appends rows; `state` counts what was appended, pack.json what is safe on the disk."""

    def __init__(self, folder: Path, state: PackState, shard_bytes: int) -> None:
        self.state = state
        self._folder, self._shard_bytes = folder, shard_bytes
        self._label: GrowingFile | None = None
        if state.labels:
            self._label = GrowingFile(folder / LABEL[0], LABEL[1], _COUNT, state.rows)
        self._files = GrowingFile(folder / FILES[0], FILES[1], _COUNT, state.done)
        self._uncommitted = self._files_uncommitted = 0
        self._shard: list[GrowingFile] = []
        if state.shards:
            self._open_shard(state.shards[-1])

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(self, *said: object) -> None:
        for file in self._all():
            file.close()

    def begin(self, stamp: str) -> None:
        """The rows that follow are of the next file."""
        self.state = attrs.evolve(self.state, stamp=stamp)

    def check_labels(self, file: Path, has: bool) -> None:
        """All files have labels, or none has.

        Raises:
            UserError: this one is unlike those before it.
        """
        if self.state.labels is None:
            self.state = attrs.evolve(self.state, labels=has)
            if has:
                self._label = GrowingFile(self._folder / LABEL[0], LABEL[1], _COUNT, 0)
        if has != self.state.labels:
            raise UserError(
                f"{file}: has {'labels' if has else 'no labels'}, unlike the files before it"
            )

    def add(self, block: Block) -> None:
        """Append rows; a shard that is full, or of another type, is closed and the next begun."""
        first = 0
        while first < len(block.plain):
            self._fit(block)
            shard = self.state.shards[-1]
            count = min(len(block.plain) - first, self._most(shard) - shard.rows)
            part = slice(first, first + count)
            for file, rows in zip(self._shard, (block.plain, block.flipped), strict=False):
                assert rows is not None
                self._uncommitted += file.append(rows[part])
            if self._label is not None and block.label is not None:
                self._label.append(block.label[part])
            first += count
            self._count(count)
        if self._uncommitted >= _BYTES_BETWEEN_COMMITS:
            self.commit()

    def file_done(self, rows: int) -> None:
        """All rows of a source file are appended."""
        self._files.append(torch.tensor([rows]))
        self.state = attrs.evolve(self.state, done=self.state.done + 1, row=0, stamp="")
        self._files_uncommitted += 1
        if self._files_uncommitted >= _FILES_BETWEEN_COMMITS:
            self.commit()

    def commit(self) -> None:
        """Everything appended so far survives whatever happens next."""
        for file in self._all():
            file.sync()
        sync_folder(self._folder)
        _write_state(self._folder, self.state)
        self._uncommitted = self._files_uncommitted = 0

    def finish(self) -> PackState:
        """Close all files; from then on the folder can be read."""
        for file in self._all():
            file.seal()
        self.state = attrs.evolve(self.state, finished=True)
        self.commit()
        return self.state

    def _all(self) -> list[GrowingFile]:
        label = [] if self._label is None else [self._label]
        return [*self._shard, *label, self._files]

    def _count(self, rows: int) -> None:
        *before, last = self.state.shards
        last = attrs.evolve(last, rows=last.rows + rows)
        self.state = attrs.evolve(self.state, shards=(*before, last), row=self.state.row + rows)

    def _most(self, shard: PackedShard) -> int:
        return max(1, self._shard_bytes // shard.plain.row_bytes)

    def _fit(self, block: Block) -> None:
        flipped = None if block.flipped is None else _type(block.flipped)
        wanted = PackedShard(0, _type(block.plain), flipped)
        last = self.state.shards[-1] if self.state.shards else None
        if last is not None:
            if attrs.evolve(last, rows=0) == wanted and last.rows < self._most(last):
                return
            for file in self._shard:
                file.seal()
                file.sync()
                file.close()
        self.state = attrs.evolve(self.state, shards=(*self.state.shards, wanted))
        self._open_shard(wanted)

    def _open_shard(self, shard: PackedShard) -> None:
        number = len(self.state.shards) - 1
        named = ((LATENTS, shard.plain), (FLIPPED, shard.flipped))
        self._shard = [
            GrowingFile(shard_file(self._folder, name, number), name, type_, shard.rows)
            for name, type_ in named
            if type_ is not None
        ]


def _type(rows: Tensor) -> RowType:
    return RowType(_DTYPES[rows.dtype], tuple(rows.shape[1:]))
