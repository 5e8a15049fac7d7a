"""Arrays from files: what is taken, and what is said of bad ones."""

import pathlib

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from secantfw_data.arrays import Arrays
from secantfw_data.options import ArraysOptions

from secantfw import DataSpec, UserError

RNG = np.random.default_rng(0)


def build(tmp_path, arrays=None, **options):
    file = tmp_path / "data.npz"
    if arrays is not None:
        np.savez(file, **arrays)
    return Arrays(ArraysOptions(file=str(file), **options))


def test_floats_are_data_as_they_stand(tmp_path):
    x = RNG.normal(size=(10, 3))
    data = build(tmp_path, {"x": x, "label": np.arange(10) % 4})
    items = data.items("train", torch.tensor([9, 0]))
    assert data.spec == DataSpec((3,), 4)
    assert items.x_0.dtype == torch.float32
    assert np.array_equal(items.x_0.numpy(), x[[9, 0]].astype(np.float32))
    assert items.label.tolist() == [1, 0]
    assert data.to_uint8(items.x_0) is None


def test_pixels_get_a_channel_axis_and_come_back(tmp_path):
    x = RNG.integers(0, 256, (10, 5, 5), dtype=np.uint8)
    data = build(tmp_path, {"x": x})
    assert data.spec == DataSpec((1, 5, 5), 0)
    items = data.items("train", torch.arange(10))
    assert items.label is None
    assert np.array_equal(data.to_uint8(items.x_0)[..., 0].numpy(), x)


def test_channels_last_is_turned(tmp_path):
    x = RNG.integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)
    data = build(tmp_path, {"x": x}, channels_last=True)
    assert data.spec.shape == (3, 4, 6)
    assert np.array_equal(data.to_uint8(data.items("train", torch.arange(2)).x_0).numpy(), x)


def test_safetensors_and_a_held_out_file(tmp_path):
    for name, n in (("a.safetensors", 6), ("b.safetensors", 4)):
        save_file({"x": torch.full((n, 2), float(n), dtype=torch.float16)}, tmp_path / name)
    options = ArraysOptions(
        file=str(tmp_path / "a.safetensors"), held_out=str(tmp_path / "b.safetensors")
    )
    data = Arrays(options)
    assert (data.size("train"), data.size("test")) == (6, 4)
    assert data.items("test", torch.tensor([3])).x_0.tolist() == [[4.0, 4.0]]


def test_held_out_fraction_is_the_end_of_the_file(tmp_path):
    data = build(tmp_path, {"x": np.arange(10.0)[:, None]}, held_out_fraction=0.3)
    assert (data.size("train"), data.size("test")) == (7, 3)
    assert data.items("test", torch.tensor([0])).x_0.item() == 7


BAD = {
    "nan": ({"x": np.array([[0.0], [np.nan], [np.inf]])}, r"x\[1\] is not finite \(2 such"),
    "overflow": ({"x": np.array([[1.0], [1e300]])}, r"x\[1\] is not finite"),
    "key": ({"y": np.zeros((2, 2))}, "no array 'x'; it has y"),
    "rank": ({"x": np.zeros(4)}, r"shape \(4,\), expected \(n, \*\)"),
    "empty": ({"x": np.zeros((0, 4))}, r"shape \(0, 4\)"),
    "dtype": ({"x": np.zeros((2, 2), np.int32)}, "expected floats or uint8"),
    "label": ({"x": np.zeros((2, 2)), "label": np.array([0, -1])}, r"label\[1\] is -1"),
    "labels": ({"x": np.zeros((2, 2)), "label": np.zeros(2)}, r"expected \(2,\) integers"),
    "pickle": ({"x": np.array([{}, {}], dtype=object)}, "cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arrays_are_refused_with_file_and_index(tmp_path, name):
    arrays, said = BAD[name]
    with pytest.raises(UserError, match=rf"data\.npz: .*{said}"):
        build(tmp_path, arrays)


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (pathlib.Path.touch, (self.file,))


def test_nothing_in_a_file_is_executed(tmp_path):
    trap = Trap(tmp_path / "sprung")
    with pytest.raises(UserError, match=r"data\.npz: cannot be read"):
        build(tmp_path, {"x": np.array([trap, trap], dtype=object)})
    assert not trap.file.exists()


def test_damaged_missing_and_foreign_files_are_named(tmp_path):
    with pytest.raises(UserError, match=r"data\.npz: no such file"):
        build(tmp_path)
    (tmp_path / "data.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(UserError, match=r"data\.npz: cannot be read"):
        build(tmp_path)
    with pytest.raises(UserError, match=r"x\.csv: expected a \.npz or \.safetensors"):
        Arrays(ArraysOptions(file=str(tmp_path / "x.csv")))


def test_splits_that_differ_are_refused(tmp_path):
    np.savez(tmp_path / "test.npz", x=np.zeros((2, 3)))
    with pytest.raises(UserError, match=r"test\.npz: items are \(3,\)"):
        build(tmp_path, {"x": np.zeros((2, 2))}, held_out=str(tmp_path / "test.npz"))


def test_two_ways_to_hold_out_exclude_each_other():
    with pytest.raises(ValueError, match="exclude each other"):
        ArraysOptions(file="a.npz", held_out="b.npz", held_out_fraction=0.1)
