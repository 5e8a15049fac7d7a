"""An archive of pictures as EDM's dataset_tool writes it: PNGs, and dataset.json with labels.

    cifar10-32x32.zip:  00000/img00000000.png ... dataset.json

Nothing is extracted, so that names lead nowhere; what a member unpacks to is bounded by what it
may be. Members are read by their place: any process or thread, in any order.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import attrs
from torch import Tensor

from secantfw import UserError
from secantfw_data import dataset_json
from secantfw_data.array_file import check_growth
from secantfw_data.picture_file import decode_square

SUFFIXES, FORMATS = (".png", ".jpg", ".jpeg"), ("PNG", "JPEG")
_MOST_MEMBERS = 10_000_000
_LARGEST_PICTURE = 64 << 20  # bytes
_LARGEST_ENTRY, _LARGEST_REST = 300, 1 << 16  # bytes of dataset.json: of a picture's, of the rest
_LOCAL_HEADER = 30  # bytes of a member's header before its name


@attrs.frozen
class _Place:
    """Where the header of a member begins, and what the archive says of the bytes behind it."""

    header: int
    packed: int
    size: int
    crc: int
    deflated: bool


class PictureZip:
    """`names` are those of the pictures, sorted; `label_by_name` is what dataset.json says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            with zipfile.ZipFile(file) as archive:
                check_growth(archive, file)
                self._places = _places(file, archive.infolist())
        except UserError:
            raise
        except Exception as error:  # damaged archives raise nearly anything
            raise UserError(f"{file}: cannot be read as a zip file ({error})") from error
        self.names = sorted(filter(_is_picture, self._places), key=lambda name: name.split("/"))
        if not self.names:
            raise UserError(f"{file}: no pictures in it ({' '.join(SUFFIXES)})")
        self._descriptor = os.open(file, os.O_RDONLY)
        self.label_by_name = self._labels()

    def __del__(self) -> None:
        descriptor = self.__dict__.get("_descriptor")  # not there where the archive was refused
        if descriptor is not None:
            os.close(descriptor)

    def place(self, name: str) -> str:
        """A picture as messages name it."""
        return f"{self._file}: {name}"

    def decode(self, name: str, size: int, channels: int, exact: bool = False) -> Tensor:
        """As `read_square` of a file.

        Raises:
            UserError: a member that is damaged, too large, or no picture.
        """
        data = io.BytesIO(self._read(name, _LARGEST_PICTURE))
        return decode_square(data, self.place(name), size, channels, FORMATS, exact)

    def _labels(self) -> Mapping[str, int] | None:
        if dataset_json.NAME not in self._places:
            return None
        most = _LARGEST_REST + _LARGEST_ENTRY * len(self._places)
        text = self._read(dataset_json.NAME, most)
        return dataset_json.read_labels_by_name(text, self.place(dataset_json.NAME))

    def _read(self, name: str, most: int) -> bytes:
        place, said = self._places[name], self.place(name)
        if place.size > most:
            raise UserError(f"{said}: claims {place.size:,} bytes, expected at most {most:,}")
        header = os.pread(self._descriptor, _LOCAL_HEADER, place.header)
        lengths = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        start = place.header + _LOCAL_HEADER + sum(lengths)
        data = os.pread(self._descriptor, min(place.packed, most), start)
        if place.deflated:
            try:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, place.size + 1)
            except zlib.error as error:
                raise UserError(f"{said}: damaged ({error})") from error
        if len(data) != place.size or zlib.crc32(data) != place.crc:
            raise UserError(f"{said}: damaged: its bytes are not those that were stored")
        return data


def _is_picture(name: str) -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    return name.lower().endswith(SUFFIXES) and not hidden


def _places(file: Path, members: list[zipfile.ZipInfo]) -> dict[str, _Place]:
    if len(members) > _MOST_MEMBERS:
        raise UserError(f"{file}: more than {_MOST_MEMBERS:,} members")
    found: dict[str, _Place] = {}
    for member in members:
        name = member.filename
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise UserError(f"{file}: {name!r:.120} points outside of the archive")
        if name in found:
            raise UserError(f"{file}: {name!r:.120} is there twice")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UserError(f"{file}: {name!r:.120} is packed in a way that is not read")
        if member.flag_bits & 1:
            raise UserError(f"{file}: {name!r:.120} is encrypted")
        deflated = member.compress_type == zipfile.ZIP_DEFLATED
        sizes = member.compress_size, member.file_size
        if not member.is_dir():
            found[name] = _Place(member.header_offset, *sizes, member.CRC, deflated)
    return found
