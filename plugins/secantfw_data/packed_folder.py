"""A folder of packed latents: what `secantfw pack` writes, and `latents` reads.

    pack.json                          what was packed, how far, whether it is finished
    latents-00000.safetensors          `latents` (n, C, H, W), or (n, 2C, H, W): means, deviations
    latents_flip-00000.safetensors     the same of the mirrored pictures
    label.safetensors                  `label` (rows,) int64 of all shards
    files.safetensors                  `rows` (files,) int64: how many rows each packed file had

The arrays are plain safetensors, so that anyone can read them. Labels and rows are mapped into
memory: the processes of a machine have them once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from secantfw import UserError, parse_json
from secantfw_data.stored_array import DTYPES, StoredArray, stored_arrays

STATE = "pack.json"
LATENTS, FLIPPED = "latents", "latents_flip"
LABEL, FILES = ("label.safetensors", "label"), ("files.safetensors", "rows")
_VERSION = 1
_LARGEST_STATE = 1 << 26  # bytes


@attrs.frozen
class RowType:
    """The rows of an array, `dtype` as safetensors spells it."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def row_bytes(self) -> int:
        return math.prod(self.shape) * np.dtype(DTYPES[self.dtype]).itemsize


@attrs.frozen
class PackedShard:
    """One of the large files, and, with `flipped`, the one beside it."""

    rows: int
    plain: RowType
    flipped: RowType | None


@attrs.frozen
class PackState:
    """How far a packing is: the first `done` of `files` files, and `row` rows of the next.

    `of` is a hash of what is packed and how; a packing is taken up again only where it agrees.
    `stamp` is that of the file that is half packed: one that was changed begins anew.
    """

    of: str
    source: str
    files: int
    labels: bool | None = None
    done: int = 0
    row: int = 0
    stamp: str = ""
    shards: tuple[PackedShard, ...] = ()
    finished: bool = False

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)

    def without_half_a_file(self) -> PackState:
        """The state before the first row of the file that is half packed."""
        left, shards = self.rows - self.row, list[PackedShard]()
        for shard in self.shards:
            rows = min(shard.rows, left)
            shards += [attrs.evolve(shard, rows=rows)] if rows else []
            left -= rows
        labels = self.labels if self.done else None
        return attrs.evolve(self, row=0, stamp="", shards=tuple(shards), labels=labels)


def shard_file(folder: Path, name: str, number: int) -> Path:
    return folder / f"{name}-{number:05d}.safetensors"


def state_text(state: PackState) -> str:
    return json.dumps({"secantfw_pack": _VERSION, **attrs.asdict(state)}, indent=1) + "\n"


def read_state(folder: Path) -> PackState:
    """How far the packing in `folder` is.

    Raises:
        UserError: its pack.json is damaged, or of another version.
    """
    file = folder / STATE
    try:
        if file.stat().st_size > _LARGEST_STATE:
            raise ValueError("too large")
        said = parse_json(file.read_bytes())
        version = said.pop("secantfw_pack")
        if version != _VERSION:
            raise ValueError(f"version {version!r:.20}, expected {_VERSION}")
        shards = tuple(_shard(one) for one in said.pop("shards"))
        return PackState(shards=shards, **said)
    except Exception as error:  # a stranger's JSON raises nearly anything
        raise UserError(f"{file}: is no state of `secantfw pack` ({error})") from error


def _shard(said: Mapping[str, Any]) -> PackedShard:
    plain, flipped = said["plain"], said["flipped"]
    return PackedShard(int(said["rows"]), _row_type(plain), flipped and _row_type(flipped))


def _row_type(said: Mapping[str, Any]) -> RowType:
    return RowType(str(said["dtype"]), tuple(int(n) for n in said["shape"]))


def finished_state(folder: Path) -> PackState:
    """The state of a folder that is to be read.

    Raises:
        UserError: it is not finished.
    """
    state = read_state(folder)
    if not state.finished:
        raise UserError(
            f"{folder}: is packed by {state.done} of {state.files} files only; call `secantfw "
            f"pack {state.source} --out {folder}` again, as before, and it goes on"
        )
    return state


def packed_array(file: Path, name: str, rows: int) -> StoredArray:
    """The array of a finished file.

    Raises:
        UserError: a file that is missing, damaged, or not of so many rows.
    """
    array = stored_arrays(file).get(name)
    if array is None or array.shape[:1] != (rows,):
        raise UserError(f"{file}: expected {rows} rows of {name!r}: damaged; pack it again")
    return array


def mapped(place: tuple[str, str], folder: Path, rows: int) -> NDArray[Any]:
    """A column of all shards; private pages are made only where someone writes to it."""
    array = packed_array(folder / place[0], place[1], rows)
    return np.memmap(array.file, array.dtype, "c", array.offset, array.shape)
