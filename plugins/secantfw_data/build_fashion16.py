"""Make assets/fashion16.npz from the four files of Fashion-MNIST.

    python -m secantfw_data.build_fashion16 --source /usr/share/datasets/fashion-mnist

Takes the first 3,000 pictures of each class of the training files and the first 500 of each class
of the test files, averages them to 16x16 and interleaves the classes: picture i has label i mod
10, so that every prefix is balanced. The same bytes each time (fixed zip dates and level).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from secantfw import UserError
from secantfw_data.area import area_average

Bytes = NDArray[np.uint8]

SIZE = 16
CLASSES = 10
TRAIN_PER_CLASS = 3000
TEST_PER_CLASS = 500


def read_idx(file: Path) -> Bytes:
    """A gzipped idx file of uint8: big-endian magic 0x000008DD, D axis lengths, the values."""
    try:
        data = gzip.decompress(file.read_bytes())
        (magic,) = struct.unpack_from(">I", data)
        rank = magic & 0xFF
        shape = struct.unpack_from(f">{rank}I", data, 4)
        if magic >> 8 != 8:
            raise ValueError("not an idx file of uint8")
        return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
    except (OSError, EOFError, struct.error, ValueError) as error:
        raise UserError(f"{file}: cannot be read as gzipped idx ({error})") from error


def balanced(labels: Bytes, per_class: int) -> NDArray[np.int64]:
    """Positions of the first `per_class` items of each class, interleaved: (per_class * 10,)."""
    columns = [np.flatnonzero(labels == c)[:per_class] for c in range(CLASSES)]
    interleaved: NDArray[np.int64] = np.stack(columns, axis=1).reshape(-1)
    return interleaved


def split(source: Path, prefix: str, per_class: int) -> tuple[Bytes, Bytes]:
    """Pictures (n, 16, 16) and labels (n,) of one split."""
    pictures = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz")
    chosen = balanced(labels, per_class)
    return area_average(pictures[chosen], SIZE), labels[chosen]


def write_npz(file: Path, arrays: Mapping[str, Bytes]) -> None:
    """An npz with fixed dates and level 9; `numpy.savez_compressed` has neither."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content.getvalue(), compresslevel=9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="folder of the four .gz files")
    default = Path(__file__).parent / "assets" / "fashion16.npz"
    parser.add_argument("--out", type=Path, default=default)
    given = parser.parse_args()
    train, train_label = split(given.source, "train", TRAIN_PER_CLASS)
    test, test_label = split(given.source, "t10k", TEST_PER_CLASS)
    arrays = {"train": train, "train_label": train_label, "test": test, "test_label": test_label}
    write_npz(given.out, arrays)
    content = given.out.read_bytes()
    print(f"{given.out}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
    for name, array in arrays.items():
        print(f"  {name} {array.shape} sha256 {hashlib.sha256(array.tobytes()).hexdigest()}")


if __name__ == "__main__":
    main()
