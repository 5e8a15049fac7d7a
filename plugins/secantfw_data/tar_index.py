"""Where each sample of a tar shard lies, and its label: what random access needs.

One walk over the headers finds it, 24 bytes a sample; the items' bytes are not read. With
`keep_index` it is kept beside the shard and holds while the shard has the same size and time.
"""

from __future__ import annotations

import io
import json
import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import numpy as np
import safetensors
from numpy.typing import NDArray
from safetensors.numpy import save_file

from secantfw import UserError, parse_json
from secantfw_data.options import TarShardsOptions
from secantfw_data.tar_members import Member, members

_LARGEST_ITEM = 256 << 20  # bytes
_LARGEST_LABEL = {"cls": 64, "json": 1 << 20}
_STAMP = "of"


@attrs.frozen(eq=False)
class TarIndex:
    """Of each sample of a shard: where its item starts, its bytes, its label (0: no labels)."""

    file: Path
    offset: NDArray[np.int64]
    size: NDArray[np.int64]
    label: NDArray[np.int64]


def index_of(file: Path, options: TarShardsOptions) -> TarIndex:
    """The shard's index, kept or found.

    Raises:
        UserError: as `members`; no sample, or one without its item or label.
    """
    kept = file.with_name(file.name + ".index")
    stamp = _stamp(file, options)
    index = _kept(kept, file, stamp) if options.keep_index else None
    if index is None:
        index = _found(file, options)
        if options.keep_index:
            _keep(kept, index, stamp)
    return index


def _found(file: Path, options: TarShardsOptions) -> TarIndex:
    columns = (array("q"), array("q"), array("q"))
    with file.open("rb", buffering=0) as stream:
        for sample in _samples(file, stream, options):
            for column, number in zip(columns, sample, strict=True):
                column.append(number)
    if not columns[0]:
        raise UserError(f"{file}: no samples in it")
    return TarIndex(file, *(np.array(column, dtype=np.int64) for column in columns))


def _samples(file: Path, stream: io.FileIO, options: TarShardsOptions) -> Iterator[Sequence[int]]:
    """(offset, size, label) of each; the members of a sample follow one another."""
    parts: dict[str, Member] = {}
    for member in members(file, stream):
        if parts and next(iter(parts.values())).key != member.key:
            yield _sample(file, stream, parts, options)
            parts = {}
        if member.extension in parts:
            raise UserError(f"{file}: {member.key}.{member.extension} is there twice")
        parts[member.extension] = member
    if parts:
        yield _sample(file, stream, parts, options)


def _sample(
    file: Path, stream: io.FileIO, parts: dict[str, Member], options: TarShardsOptions
) -> Sequence[int]:
    key = next(iter(parts.values())).key
    wanted = [options.x, *([options.label] if options.classes else [])]
    for extension in wanted:
        if extension not in parts:
            has = ", ".join(f".{name}" for name in parts)
            raise UserError(f"{file}: sample {key!r} has no .{extension} (it has {has})")
    item = parts[options.x]
    if item.size > _LARGEST_ITEM:
        raise UserError(f"{file}: {key}.{options.x} has {item.size:,} bytes: too many")
    label = _label(file, stream, parts[options.label], options) if options.classes else 0
    return [item.offset, item.size, label]


def _label(file: Path, stream: io.FileIO, member: Member, options: TarShardsOptions) -> int:
    place = f"{file}: {member.key}.{member.extension}"
    if member.size > _LARGEST_LABEL[options.label]:
        raise UserError(f"{place}: has {member.size:,} bytes, too many for a label")
    text = os.pread(stream.fileno(), member.size, member.offset)
    try:
        said = parse_json(text)
        label = said[options.label_key] if options.label == "json" else said
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"{place}: no label in it: {text[:40]!r}") from error
    if type(label) is not int or not 0 <= label < options.classes:
        raise UserError(f"{place}: label {label!r:.40}, expected 0..{options.classes - 1}")
    return label


def _stamp(file: Path, options: TarShardsOptions) -> str:
    status = file.stat()
    said = [options.x, options.classes, options.label, options.label_key]
    return json.dumps([status.st_size, status.st_mtime_ns, *said])


def _keep(kept: Path, index: TarIndex, stamp: str) -> None:
    """Write it where that is possible; several processes may do so at once."""
    columns = {"offset": index.offset, "size": index.size, "label": index.label}
    temporary = kept.with_name(f"{kept.name}.{os.getpid()}")
    try:
        save_file(columns, temporary, {_STAMP: stamp})
        os.replace(temporary, kept)
    except Exception:  # a folder that cannot be written to: it is found again at the next start
        temporary.unlink(missing_ok=True)


def _kept(kept: Path, file: Path, stamp: str) -> TarIndex | None:
    """The index as it was kept; None if it is of another shard, or damaged."""
    try:
        with safetensors.safe_open(kept, "np") as stored:
            if stored.metadata().get(_STAMP) != stamp:
                return None
            columns = [stored.get_tensor(name) for name in ("offset", "size", "label")]
    except Exception:
        return None
    offset, size, label = columns
    same = all(c.dtype == np.int64 and c.shape == (len(offset),) for c in columns)
    if (
        not same
        or not len(offset)
        or offset.min() < 0
        or not 0 <= size.min() <= size.max() <= _LARGEST_ITEM
    ):
        return None
    return TarIndex(file, offset, size, label)
