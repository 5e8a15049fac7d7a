"""Folders of pictures: what is read, how it is cut, and what is said of bad files."""

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from secantfw_data.images import Images
from secantfw_data.options import ImagesOptions

from secantfw import DataSpec, UserError


def picture(file, height=8, width=8, value=None):
    file.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(file.name))
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if value is not None:
        pixels[:] = value
    Image.fromarray(pixels).save(file)
    return pixels


def read(folder, index=(0,), **options):
    data = Images(ImagesOptions(folder=str(folder), size=4, **options))
    return data.to_uint8(data.items("train", torch.tensor(index)).x_0)


@pytest.mark.parametrize("cache", [True, False])
def test_shrinking_averages_over_the_area_of_the_central_square(tmp_path, cache):
    pixels = picture(tmp_path / "a.png", height=8, width=12)
    square = pixels[:, 2:10].astype(np.float64)
    expected = square.reshape(4, 2, 4, 2, 3).mean((1, 3))
    # Pillow rounds after each axis, halves up: one grey level at most.
    assert np.abs(read(tmp_path, cache=cache)[0].numpy() - expected).max() <= 1.0


def test_grey_pictures_have_one_channel(tmp_path):
    picture(tmp_path / "a.png", value=100)
    assert read(tmp_path, channels=1).tolist() == torch.full((1, 4, 4, 1), 100).tolist()


def test_labels_are_the_class_folders_in_order(tmp_path):
    for name in ("b/1.png", "a/1.png", "a/deep/2.jpg", "b/.hidden.png"):
        picture(tmp_path / name)
    data = Images(ImagesOptions(folder=str(tmp_path), size=4, labels=True))
    assert data.spec == DataSpec((3, 4, 4), 2)
    assert data.size("train") == 3
    assert data.items("train", torch.arange(3)).label.tolist() == [0, 0, 1]


def test_items_repeat_in_any_order(tmp_path):
    for value in (10, 20, 30):
        picture(tmp_path / f"{value}.png", value=value)
    assert read(tmp_path, (2, 0, 0, 1))[:, 0, 0, 0].tolist() == [30, 10, 10, 20]


def test_held_out_fraction_keeps_a_picture_in_its_split_when_others_come(tmp_path):
    def splits():
        data = Images(ImagesOptions(folder=str(tmp_path), size=4, held_out_fraction=0.4))
        values = {}
        for split in ("train", "test"):
            index = torch.arange(data.size(split))
            pictures = data.to_uint8(data.items(split, index).x_0)
            values.update({int(v): split for v in pictures[:, 0, 0, 0]})
        return values

    for value in range(12):
        picture(tmp_path / f"p{value}.png", value=value)
    before = splits()
    for value in range(12, 24):
        picture(tmp_path / f"p{value}.png", value=value)
    after = splits()
    assert set(before.values()) == {"train", "test"}
    assert before.items() <= after.items()


def test_held_out_folder_shares_the_classes(tmp_path):
    picture(tmp_path / "train/cat/1.png")
    picture(tmp_path / "train/dog/1.png")
    picture(tmp_path / "test/dog/9.png")
    options = {"folder": str(tmp_path / "train"), "size": 4, "labels": True}
    data = Images(ImagesOptions(**options, held_out=str(tmp_path / "test")))
    assert data.items("test", torch.tensor([0])).label.tolist() == [1]
    picture(tmp_path / "test/emu/1.png")
    with pytest.raises(UserError, match=r"emu.1\.png: class 'emu' has no training picture"):
        Images(ImagesOptions(**options, held_out=str(tmp_path / "test")))


def test_empty_missing_and_unlabelled_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no pictures in it"):
        read(tmp_path)
    picture(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png: not in a class folder"):
        read(tmp_path, labels=True)


def test_truncated_picture_is_named(tmp_path):
    picture(tmp_path / "a.png", 64, 64)
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"a\.png: cannot be read as a picture"):
        read(tmp_path)


def test_text_named_png_is_named(tmp_path):
    (tmp_path / "a.png").write_text("not a picture")
    with pytest.raises(UserError, match=r"a\.png: cannot be read as a picture"):
        read(tmp_path)


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_decompression_bomb_is_refused_before_it_is_decoded(tmp_path, side):
    def chunk(kind, body):
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(UserError, match=r"a\.png: has more than \d+ pixels"):
        read(tmp_path)


def test_sixteen_bit_pictures_are_refused_instead_of_clipped(tmp_path):
    Image.fromarray(np.full((8, 8), 4000, np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png: has more than 8 bits"):
        read(tmp_path)
