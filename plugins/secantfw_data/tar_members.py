"""The members of a tar file, by their headers alone; whatever is not a plain file is refused.

tarfile walks the headers; it is given a reader that counts and bounds what it may take at once,
since an extended header can claim any length. Nothing is ever extracted.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import attrs

from secantfw import UserError

BLOCK = 512
_LONGEST_READ = 1 << 20  # bytes of an extended header: a name, a size
_MOST_MEMBERS = 10_000_000
_COMPRESSED = {
    b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd",
}  # fmt: skip


@attrs.frozen
class Member:
    """`key` names the sample, `extension` what follows the first dot of the file's name."""

    key: str
    extension: str
    offset: int
    size: int


class _Headers(io.RawIOBase):
    """What tarfile reads of a file: small pieces at any place."""

    def __init__(self, stream: io.FileIO) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LONGEST_READ:
            raise ValueError(f"a header claims {size:,} bytes")
        return self._stream.read(size) or b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def members(file: Path, stream: io.FileIO) -> Iterator[Member]:
    """The plain files in order; folders and hidden files are passed over.

    Raises:
        UserError: compressed, damaged or cut short, too many members, or one that is a link, a
            device, sparse, larger than the file, or outside of the archive's own folder.
    """
    _refuse_compressed(file, stream)
    length = file.stat().st_size
    try:
        with tarfile.open(fileobj=_Headers(stream), mode="r:") as archive:  # type: ignore[call-overload]
            for number, info in enumerate(_infos(archive)):
                if number == _MOST_MEMBERS:
                    raise UserError(f"{file}: more than {_MOST_MEMBERS:,} members")
                _check(file, info, length)
                name = PurePosixPath(info.name)
                if info.isreg() and not name.name.startswith("."):
                    stem, _, extension = name.name.partition(".")
                    key = str(name.with_name(stem))
                    yield Member(key, extension.lower(), info.offset_data, info.size)
            end = archive.offset
    except UserError:
        raise
    except Exception as error:  # damaged headers raise nearly anything
        raise UserError(f"{file}: cannot be read as a tar file ({error})") from error
    stream.seek(end)
    mark = stream.read(BLOCK) or b""
    if mark.strip(b"\0"):
        raise UserError(f"{file}: damaged: no header at byte {end:,}")
    if len(mark) < BLOCK:
        raise UserError(f"{file}: cut short at byte {length:,}: it has no end mark")


def _infos(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (info := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # else every header is kept
        yield info


def _check(file: Path, info: tarfile.TarInfo, length: int) -> None:
    name = info.name if len(info.name) < 100 else f"{info.name[:100]}..."
    if not (info.isreg() or info.isdir()) or info.issparse():
        raise UserError(f"{file}: {name!r} is no plain file (a link, a device or sparse)")
    if info.name.startswith("/") or ".." in PurePosixPath(info.name).parts:
        raise UserError(f"{file}: {name!r} points outside of the archive")
    if info.size < 0 or info.offset_data + info.size > length:
        raise UserError(
            f"{file}: {name!r} claims {info.size:,} bytes, the file has {length:,} in all: a cut "
            "or damaged archive"
        )


def _refuse_compressed(file: Path, stream: io.FileIO) -> None:
    start = stream.read(8) or b""
    stream.seek(0)
    for magic, name in _COMPRESSED.items():
        if start.startswith(magic):
            raise UserError(f"{file}: is compressed ({name}), so samples have no place; unpack it")
