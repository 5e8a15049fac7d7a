"""The embedded pictures: what they are, and that they are what the note says."""

import hashlib
import re
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import secantfw_data
import torch
from secantfw_data.area import area_average, area_weights
from secantfw_data.build_fashion16 import split, write_npz
from secantfw_data.fashion16 import FILE, Fashion16
from secantfw_data.options import Fashion16Options
from secantfw_data.pixels import from_uint8, to_uint8

NOTE = (Path(secantfw_data.__file__).parent / "assets" / "README.md").read_text()
SOURCE = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(scope="module")
def data():
    return Fashion16(Fashion16Options())


def test_file_and_arrays_have_the_sha256_of_the_note():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() in NOTE
    with np.load(FILE, allow_pickle=False) as arrays:
        for name in ("train", "train_label", "test", "test_label"):
            found = hashlib.sha256(arrays[name].tobytes()).hexdigest()
            assert re.search(rf"\| `{name}` \|.*`{found}`", NOTE), name


def test_splits_are_balanced_in_every_prefix(data):
    for name, n in (("train", 30_000), ("test", 5_000)):
        assert data.size(name) == n
        labels = data.items(name, torch.arange(n)).label
        assert torch.equal(labels, torch.arange(n) % 10)


def test_items_are_floats_in_the_data_range_and_pictures_come_back_exactly(data):
    items = data.items("train", torch.tensor([5, 0, 29_999]))
    assert items.x_0.shape == (3, *data.spec.shape)
    assert items.x_0.dtype == torch.float32
    assert -1 <= items.x_0.min() < items.x_0.max() <= 1
    pictures = data.to_uint8(items.x_0)
    assert pictures.shape == (3, 16, 16, 1)
    with np.load(FILE) as arrays:
        assert np.array_equal(pictures[..., 0].numpy(), arrays["train"][[5, 0, 29_999]])


def test_labels_can_be_left_out():
    data = Fashion16(Fashion16Options(labels=False))
    assert data.spec.num_classes == 0
    assert data.items("test", torch.tensor([1])).label is None


def test_pixels_survive_the_way_to_floats_and_back():
    pixels = torch.arange(256, dtype=torch.uint8)
    for part in (-0.49, 0.0, 0.49):  # of a grey level: to the nearest
        assert torch.equal(to_uint8(from_uint8(pixels) + part / 127.5), pixels)
    beyond = torch.tensor([-9.0, -1.0, 1.0, 9.0])
    assert to_uint8(beyond).tolist() == [0, 0, 255, 255]


def test_loading_takes_less_than_a_second():
    start = time.process_time()  # not the clock's time: the machine may be busy
    Fashion16(Fashion16Options())
    assert time.process_time() - start < 1.0  # 0.06 s measured


def test_area_weights_are_the_exact_overlaps():
    n, m = 28, 16
    weights = area_weights(n, m)
    for a in range(m):
        for i in range(n):
            low = max(Fraction(a * n, m), Fraction(i))
            high = min(Fraction((a + 1) * n, m), Fraction(i + 1))
            assert Fraction(int(weights[a, i]), n) == max(high - low, Fraction(0)) * Fraction(m, n)


def test_area_average_keeps_the_mean_and_constants():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (50, 28, 28), dtype=np.uint8)
    small = area_average(pictures, 16)
    assert abs(small.mean() - pictures.mean()) < 0.05  # rounding only
    assert (area_average(np.full((1, 28, 28), 37, np.uint8), 16) == 37).all()
    quarter = area_average(pictures, 14)  # 2x2 blocks
    blocks = pictures.reshape(50, 14, 2, 14, 2).sum((2, 4), dtype=np.int64)
    assert np.array_equal(quarter, (2 * blocks + 4) // 8)


def test_npz_is_written_byte_for_byte_the_same(tmp_path):
    arrays = {"x": np.arange(1000, dtype=np.uint8).reshape(10, 100)}
    for name in ("a.npz", "b.npz"):
        write_npz(tmp_path / name, arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as back:
        assert np.array_equal(back["x"], arrays["x"])


@pytest.mark.skipif(not SOURCE.is_dir(), reason="Debian package dataset-fashion-mnist not here")
def test_held_out_pictures_are_made_from_the_source_again():
    pictures, labels = split(SOURCE, "t10k", 500)
    with np.load(FILE) as arrays:
        assert np.array_equal(pictures, arrays["test"])
        assert np.array_equal(labels, arrays["test_label"])
