"""EDM's archives of pictures: read as CIFAR-10 and as pictures; what is refused."""

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from secantfw_data.cifar10 import Cifar10
from secantfw_data.images import Images
from secantfw_data.options import Cifar10Options, ImagesOptions
from secantfw_data.picture_zip import PictureZip

from secantfw import DataSpec, UserError
from secantfw.load_plugins import load_plugins
from secantfw.testing import run_checks, subject_of

N = 25


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def pictures(size=32):
    return np.random.default_rng(0).integers(0, 256, (N, size, size, 3)).astype(np.uint8)


LABELS = np.random.default_rng(1).integers(0, 10, N).tolist()


def names():
    return [f"{i // 10:05d}/img{i:08d}.png" for i in range(N)]


def edm_zip(file, compression=zipfile.ZIP_STORED, size=32, labels=LABELS, **more):
    """As dataset_tool.py writes it: dataset.json comes last."""
    said = labels and [list(pair) for pair in zip(names(), labels, strict=True)]
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, pixels in zip(names(), pictures(size), strict=True):
            archive.writestr(name, png(pixels))
        for name, content in more.items():
            archive.writestr(name, content)
        archive.writestr("dataset.json", json.dumps({"labels": said}))
    return file


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_it_is_cifar10_with_its_labels_and_no_held_out_pictures(tmp_path, compression):
    file = edm_zip(tmp_path / "cifar10-32x32.zip", compression)
    data = Cifar10(Cifar10Options(str(file)))
    assert data.spec == DataSpec((3, 32, 32), 10)
    assert (data.size("train"), data.size("test")) == (2 * N, 0)
    items = data.items("train", torch.arange(2 * N))
    assert torch.equal(data.to_uint8(items.x_0[:N]), torch.from_numpy(pictures()))
    assert torch.equal(items.x_0[N:], items.x_0[:N].flip(3))
    assert items.label.tolist() == LABELS * 2
    assert data.items("test", torch.arange(0)).x_0.shape == (0, 3, 32, 32)


def test_pictures_of_the_zip_are_those_of_the_folder_it_was_unpacked_into(tmp_path):
    """Its folders are thousands of files in order and no classes: dataset.json has the labels."""
    file = edm_zip(tmp_path / "a.zip", size=8)
    zipfile.ZipFile(file).extractall(tmp_path / "a")
    both = [
        Images(ImagesOptions(str(path), 8, labels=True, held_out_fraction=0.3))
        for path in (file, tmp_path / "a")
    ]
    assert both[0].spec == both[1].spec == DataSpec((3, 8, 8), 1 + max(LABELS))
    for split in ("train", "test"):
        one, other = (d.items(split, torch.arange(d.size(split))) for d in both)
        assert torch.equal(one.x_0, other.x_0)
        assert torch.equal(one.label, other.label)
        assert len(one.x_0) > 0
    whole = Images(ImagesOptions(str(file), 8, labels=True))
    assert whole.items("train", torch.arange(N)).label.tolist() == LABELS


@pytest.mark.parametrize("name", ["cifar10", "images"])
def test_the_data_sets_conform(tmp_path, name):
    registry = load_plugins().registry
    table = {"folder": str(edm_zip(tmp_path / "a.zip")), "labels": True}
    if name == "images":
        table |= {"size": 32, "channels": 3, "held_out_fraction": 0.0}
    subject = subject_of(registry.find("dataset", name), registry, table)
    assert [r for r in run_checks(subject) if r.outcome == "failed"] == []


def test_labels_that_are_null_are_none(tmp_path):
    file = edm_zip(tmp_path / "a.zip", labels=None)
    with pytest.raises(UserError, match=r"no labels in it.*set dataset.labels = false"):
        Cifar10(Cifar10Options(str(file)))
    assert Cifar10(Cifar10Options(str(file), labels=False)).size("train") == 2 * N


def _patched(file, **fields):
    """The central directory's first record, changed: what an archive claims is not what it has."""
    raw = bytearray(file.read_bytes())
    at = raw.index(b"PK\x01\x02")
    places = {"flags": 8, "method": 10, "crc": 16, "packed": 20, "size": 24}
    for name, value in fields.items():
        form = "<H" if name in ("flags", "method") else "<I"
        struct.pack_into(form, raw, at + places[name], value)
    file.write_bytes(raw)


def _bomb(file):
    """64 MB and more of zeros under a picture's name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("img.png", bytes((64 << 20) + 1))


def _quiet_bomb(file):
    """Claims to be small, and is not."""
    edm_zip(file, zipfile.ZIP_DEFLATED, **{"00000/img.png": bytes(1 << 20)})
    raw = bytearray(file.read_bytes())
    at = raw.index(b"00000/img.png", raw.index(b"PK\x01\x02")) - 46
    struct.pack_into("<I", raw, at + 24, 100)
    file.write_bytes(raw)


def _picture_bomb(file):
    """A small PNG of 5,000 x 5,000 pixels, in one member."""
    header = struct.pack(">IIBBBBB", 5_000, 5_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    edm_zip(file, **{"00000/img0.png": b"\x89PNG\r\n\x1a\n" + b"".join(chunks)}, labels=None)


def _labels_bomb(file):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("img.png", png(pictures()[0]))
        archive.writestr("dataset.json", b"[" + b" " * (1 << 20) + b"]")


def _twice(file):
    edm_zip(file)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(match="Duplicate"):
        archive.writestr(names()[3], png(pictures()[0]))


HOSTILE = {
    "a.zip: cannot be read as a zip file": lambda f: f.write_bytes(b"PK\x03\x04 and no more"),
    "a.zip: no pictures in it": lambda f: zipfile.ZipFile(f, "w").writestr("a.txt", ""),
    "'../../x.png' points outside of the archive": lambda f: edm_zip(f, **{"../../x.png": b""}),
    "'/etc/x.png' points outside of the archive": lambda f: edm_zip(f, **{"/etc/x.png": b""}),
    "'00000/img00000003.png' is there twice": _twice,
    "img00000000.png' is encrypted": lambda f: (edm_zip(f), _patched(f, flags=1)),
    "is packed in a way that is not read": lambda f: edm_zip(f, zipfile.ZIP_LZMA),
    "img.png: claims 67,108,865 bytes, expected at most": _bomb,
    "img.png: damaged: its bytes are not": _quiet_bomb,
    "img0.png: is 5000x5000 pixels, expected 32x32": _picture_bomb,
    "dataset.json: claims 1,048,578 bytes": _labels_bomb,
    "img00000000.png: damaged: its bytes are not": lambda f: (edm_zip(f), _patched(f, crc=1)),
    "img00000000.png: is 8x8 pixels, expected 32x32": lambda f: edm_zip(f, size=8),
    "has a label 10, expected 0 to 9": lambda f: edm_zip(f, labels=[10] * N),
    "img.png: cannot be read as a picture": lambda f: edm_zip(f, **{"00000/img.png": b"GIF89a"}),
    "'00000/img.png' has no label in dataset.json": lambda f: edm_zip(
        f, **{"00000/img.png": png(pictures()[0])}
    ),
}


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: said[:40])
def test_a_strangers_archive_is_refused_in_one_line(tmp_path, said):
    file = tmp_path / "a.zip"
    HOSTILE[said](file)
    with pytest.raises(UserError) as error:
        Cifar10(Cifar10Options(str(file)))
    assert said in str(error.value)
    assert len(error.value.lines()) == 1


def test_an_archive_that_is_cut_while_it_is_read_is_named(tmp_path):
    file = edm_zip(tmp_path / "a.zip")
    archive = PictureZip(file)
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(UserError, match=r"img00000024\.png: damaged"):
        archive.decode(names()[24], 32, 3)


def test_hidden_files_are_left_out(tmp_path):
    file = edm_zip(tmp_path / "a.zip", **{"__MACOSX/._img0.png": b"", ".hidden/img.png": b""})
    assert PictureZip(file).names == names()


def test_a_held_out_label_that_no_training_picture_has_is_named(tmp_path):
    train = edm_zip(tmp_path / "a.zip", labels=[1] * N)
    held = edm_zip(tmp_path / "b.zip", labels=[0] * (N - 1) + [2])
    with pytest.raises(UserError, match=r"b\.zip: \S+24\.png: class 2 has no training picture"):
        Images(ImagesOptions(str(train), 32, labels=True, held_out=str(held)))
