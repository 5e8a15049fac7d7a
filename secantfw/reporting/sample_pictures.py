"""The PNG files of a run's samples/ folder, ready to stand in a page without the folder."""

from __future__ import annotations

import base64
import re
import struct
from pathlib import Path

import attrs

from secantfw.errors import UserError
from secantfw.pictures.series import Series
from secantfw.runtime.regular_file import read_regular
from secantfw.runtime.run_folder import RunFolder

#: `student-secant-004.png`: model, solver, NFE.
_GRID_NAME = re.compile(r"(?P<model>[^-]+)-(?P<solver>.+)-(?P<nfe>\d{1,9})")
#: Of a picture in a page; a grid of 64 samples of 512 x 512 has about as many.
_MOST_BYTES = 64 << 20
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
#: Wider pictures are shown smaller than they are; pixelated scaling would only alias them.
_WIDEST_CRISP = 420


@attrs.frozen
class Picture:
    """A PNG as a data URI; `series` and `nfe` are None for one that is no sample grid."""

    name: str
    uri: str
    width: int
    height: int
    series: Series | None = None
    nfe: int | None = None

    @property
    def crisp(self) -> bool:
        return self.width <= _WIDEST_CRISP


@attrs.frozen
class GridRow:
    """The grids of one series, by NFE; None where it has no such grid."""

    series: Series
    pictures: tuple[Picture | None, ...]


@attrs.frozen
class Gallery:
    """Sample grids by series (down) and NFE (across), and the other pictures."""

    counts: tuple[int, ...] = ()
    rows: tuple[GridRow, ...] = ()
    others: tuple[Picture, ...] = ()

    @property
    def series(self) -> tuple[Series, ...]:
        return tuple(row.series for row in self.rows)


def read_gallery(folder: Path) -> Gallery:
    """Everything in `folder` that is a PNG file; empty if there is no such folder."""
    names = (name for name in RunFolder(folder).names(".") if name.endswith(".png"))
    found = (read_picture(folder / name) for name in names)
    pictures = [picture for picture in found if picture is not None]
    grids = {(p.series, p.nfe): p for p in pictures if p.series is not None}
    series = sorted({s for s, _ in grids if s is not None}, key=lambda s: s.rank)
    counts = sorted({n for _, n in grids if n is not None})
    rows = (GridRow(s, tuple(grids.get((s, n)) for n in counts)) for s in series)
    others = (picture for picture in pictures if picture.series is None)
    return Gallery(tuple(counts), tuple(rows), tuple(others))


def read_picture(file: Path) -> Picture | None:
    """One PNG; None for a file that is not one (half written by a killed run, say), or too large
    for a page."""
    try:
        data = read_regular(file, _MOST_BYTES)
    except (OSError, UserError):
        return None
    if len(data) < 24 or not data.startswith(_PNG_MAGIC):
        return None
    width, height = struct.unpack(">II", data[16:24])
    uri = "data:image/png;base64," + base64.b64encode(data).decode("ascii")
    match = _GRID_NAME.fullmatch(file.stem)
    if match is None:
        return Picture(file.stem, uri, width, height)
    series = Series(match["model"], match["solver"])
    return Picture(file.stem, uri, width, height, series, int(match["nfe"]))
