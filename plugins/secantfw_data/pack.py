"""Packing: the latents of a folder of files, in their order, into a few large files.

Nothing is computed: the numbers, their type and their order stay, so `latents` gives the same
items from the packed folder. Means and standard deviations become the halves of one row.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from secantfw import UserError
from secantfw_data.latent_files import LatentFiles, find_files
from secantfw_data.latent_rows import check_finite, check_std
from secantfw_data.latent_shards import Shard, Source, labels_of, open_shard
from secantfw_data.options import LatentsOptions
from secantfw_data.pack_writer import Block, PackWriter, locked, remove_strays, resumed
from secantfw_data.packed_folder import STATE, PackState
from secantfw_data.stored_array import StoredArray
from secantfw_data.stored_rows import blocks, rows_of_a_block

#: Is told how many bytes of the source are packed, of how many.
Progress = Callable[[int, int], None]


def pack(
    options: LatentsOptions, out: Path, shard_bytes: int, said: Progress = lambda done, of: None
) -> PackState:
    """Write `out`, or go on with it where it was left; returns what is then in it.

    Raises:
        UserError: a source file that is damaged or unlike the others; `out` is of something else.
        RunAborted: the disk is full or failing; what is packed so far is kept.
    """
    folder = Path(options.folder)
    _check_places(folder, out)
    files = find_files(options)
    sizes = [_status(files.root / name).st_size for name in files.names]
    fresh = PackState(_hash(files, options, shard_bytes), str(folder.resolve()), len(files.names))
    with locked(out):
        state = resumed(out, fresh)
        if state.finished:
            return state
        if state.row and state.stamp != _stamp(files.root / files.names[state.done]):
            state = state.without_half_a_file()
        remove_strays(out, state)
        with PackWriter(out, state, shard_bytes) as writer:
            _pack(files, sizes, options, writer, said)
            return writer.finish()


def _check_places(folder: Path, out: Path) -> None:
    if (folder / STATE).is_file():
        raise UserError(f"{folder}: is packed already")
    if folder.is_dir() and out.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{out}: lies in {folder}, which is to be packed; name another --out")


def _status(file: Path) -> os.stat_result:
    try:
        return os.stat(file)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error


def _stamp(file: Path) -> str:
    """Changes with the file."""
    return f"{_status(file).st_size} {_status(file).st_mtime_ns}"


def _hash(files: LatentFiles, options: LatentsOptions, shard_bytes: int) -> str:
    """Of all that decides what is written, but for what is in the files: one may be mended."""
    digest = hashlib.sha256()
    folders = [folder and folder.resolve() for folder in (files.root, files.labels, files.flipped)]
    for said in (*folders, options.x, options.shape, shard_bytes, *files.names):
        digest.update(f"{said}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _pack(
    files: LatentFiles,
    sizes: Sequence[int],
    options: LatentsOptions,
    writer: PackWriter,
    said: Progress,
) -> None:
    total, done = sum(sizes), writer.state.done
    before = sum(sizes[:done])
    for name, size in zip(files.names[done:], sizes[done:], strict=True):
        writer.begin(_stamp(files.root / name))
        shard = open_shard(files, name, options, labels=True)
        writer.check_labels(files.root / name, shard.label is not None)
        for block in _blocks(shard, writer.state.row, options.shape[0]):
            writer.add(block)
            said(before + size * writer.state.row // shard.rows, total)
        writer.file_done(shard.rows)
        before += size


def _blocks(shard: Shard, first: int, channels: int) -> Iterator[Block]:
    """The rows of a file from `first` on."""
    sources = [source for source in (shard.plain, shard.flipped) if source is not None]
    at_once = rows_of_a_block(max(source.mean.row_bytes for source in sources))
    label = None if shard.label is None else labels_of(shard)
    streams = [_values(source, first, at_once, channels) for source in sources]
    for start, parts in zip(
        range(first, shard.rows, at_once), zip(*streams, strict=True), strict=True
    ):
        here = None if label is None else label[start : start + at_once]
        yield Block(parts[0], parts[1] if len(parts) > 1 else None, here)


def _values(source: Source, first: int, at_once: int, channels: int) -> Iterator[Tensor]:
    """(k, C, *), or (k, 2C, *) of a posterior, checked."""
    means = _checked(source.mean, first, at_once)
    if source.std is not None:
        deviations = _checked(source.std, first, at_once)
        pairs = zip(means, deviations, strict=True)
        for start, (mean, std) in zip(
            range(first, source.std.shape[0], at_once), pairs, strict=True
        ):
            _check_std(source.std, std, start)
            same = mean.dtype == std.dtype  # else as float32, which is what is computed with
            yield torch.cat((mean, std) if same else (mean.float(), std.float()), 1)
        return
    for start, values in zip(range(first, source.mean.shape[0], at_once), means, strict=True):
        if values.shape[1] == 2 * channels:
            _check_std(source.mean, values[:, channels:], start)
        yield values


def _checked(array: StoredArray, first: int, at_once: int) -> Iterator[Tensor]:
    start = first
    for raw in blocks(array, first, at_once):
        values = array.tensor(raw)
        check_finite([array] * len(raw), values.float(), range(start, start + len(raw)))
        start += len(raw)
        yield values


def _check_std(array: StoredArray, std: Tensor, start: int) -> None:
    check_std([array] * len(std), std, range(start, start + len(std)))
