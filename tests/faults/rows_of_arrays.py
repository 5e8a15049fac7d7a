"""R10: npz archives and pictures that lie about themselves, or swell."""

from __future__ import annotations

import copy
import io
import os
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from small_run import Bench
from strangers import SENTRY, Verdicts, must_refuse, refused, text


def arrays_and_pictures(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R10, second half: npz that lie or swell, pictures that do."""
    from secantfw_data.array_file import read_arrays
    from secantfw_data.picture_file import read_square

    folder = bench.case()
    makers = [*_bad_arrays(), *_bad_pictures()]
    for n in range(count):
        name, make = makers[n] if n < len(makers) else _damaged_file(rng)
        npz = name.startswith("npz")
        file = refused(folder / ("bad.npz" if npz else "bad.png"), make)
        read = (lambda f: read_arrays(f)) if npz else (lambda f: read_square(f, 8, 3))
        wrong = SENTRY.judge(lambda read=read, file=file: read(file), 3.0, file.name)
        if not wrong and n < len(makers):
            wrong = must_refuse(lambda read=read, file=file: read(file))
        yield f"{name}: {wrong}" if wrong else None


def _npy(shape: tuple[int, ...], body: bytes, descr: str = "<f4") -> bytes:
    content = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(content, header)
    return content.getvalue() + body


def _archive(member: bytes, name: str = "x.npy", method: int = zipfile.ZIP_STORED):
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr(name, member)

    return write


def _zip_bomb(file: Path) -> None:
    """A thousand times its size; the limit is lowered so that it need not be gigabytes."""
    from secantfw_data import array_file

    array_file.MOST_BYTES = 1 << 20
    _archive(_npy((1 << 20,), bytes(1 << 22)), method=zipfile.ZIP_DEFLATED)(file)


def _bad_arrays() -> list[tuple[str, Callable[[Path], object]]]:
    code = b"\x93NUMPY\x01\x00\x20\x00__import__('os').system('x')    \n"
    return [
        ("npz empty", text("e", b"")),
        ("npz no zip", text("n", b"PK\x03\x04 no zip")),
        ("npz absurd shape", _archive(_npy((1 << 40, 1 << 20), b""))),
        ("npz shape of 4 TB", _archive(_npy((1 << 40,), b"\0" * 64))),
        ("npz negative shape", _archive(_npy((-1, 4), b"\0" * 64))),
        ("npz short", _archive(_npy((100,), b"\0" * 64))),
        ("npz objects", _archive(_npy((1,), pickle.dumps([1]), "|O"))),
        ("npz odd dtype", _archive(_npy((1,), b"\0" * 8, "<V8"))),
        (
            "npz header of code",
            _archive(code),
        ),
        ("npz header cut", _archive(b"\x93NUMPY\x01\x00\xff\xff{'descr'")),
        ("npz member climbs", _archive(b"text", "../../etc/x.npy")),
        ("npz bomb", _zip_bomb),
        ("npz pipe", os.mkfifo),
        ("npz folder", os.mkdir),
        ("npz device", lambda file: file.symlink_to("/dev/zero")),
    ]


def _png(width: int, height: int, body: bytes = b"", depth: int = 8) -> bytes:
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    data = zlib.compress(body)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _bad_pictures() -> list[tuple[str, Callable[[Path], object]]]:
    rows, deep = (b"".join(b"\0" + bytes(n) for _ in range(8)) for n in (8, 16))
    return [
        ("png empty", text("e", b"")),
        ("png text", text("t", b"this is not a picture")),
        ("png bomb", text("b", _png(50_000, 50_000))),
        ("png of 2^31", text("b", _png((1 << 31) - 1, (1 << 31) - 1))),
        ("png of 0", text("z", _png(0, 0))),
        ("png truncated", text("c", _png(8, 8, rows)[:42])),
        ("png half", text("h", _png(64, 64, os.urandom(2000)))),
        (
            "png of 16 bits",
            text("d", _png(8, 8, deep, 16)),
        ),
        ("png svg", text("s", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")),
        ("png pipe", os.mkfifo),
        ("png device", lambda file: file.symlink_to("/dev/zero")),
        ("png folder", os.mkdir),
    ]


def _damaged_file(rng: random.Random) -> tuple[str, Callable[[Path], object]]:
    """A good file with some bytes changed."""
    if rng.random() < 0.5:
        stream = io.BytesIO()
        np.savez_compressed(stream, x=np.arange(64.0))
        name, content = "npz damaged", bytearray(stream.getvalue())
    else:
        body = b"".join(b"\0" + bytes(8) for _ in range(8))
        name, content = "png damaged", bytearray(_png(8, 8, body))
    for _ in range(rng.randrange(1, 6)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return name, text(name, bytes(copy.copy(content)))
