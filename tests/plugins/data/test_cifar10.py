"""CIFAR-10: both official forms, mirrored pictures, and files that are not the official ones."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from secantfw_data.cifar10 import Cifar10
from secantfw_data.options import Cifar10Options

from secantfw import DataSpec, UserError

TRAIN = [f"data_batch_{n}" for n in range(1, 6)]
BINARY, PICKLED = "cifar-10-batches-bin", "cifar-10-batches-py"


def planes(seed, rows=3):
    """Pixels (rows, 3, 32, 32) and labels."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 10, rows).astype(np.uint8)
    return rng.integers(0, 256, (rows, 3, 32, 32)).astype(np.uint8), label


def write_binary(folder):
    (folder / BINARY).mkdir()
    for seed, name in enumerate([*TRAIN, "test_batch"]):
        pixels, label = planes(seed)
        records = np.concatenate((label[:, None], pixels.reshape(3, -1)), 1)
        (folder / BINARY / f"{name}.bin").write_bytes(records.tobytes())
    return folder


def write_pickled(folder, monkeypatch):
    """The other form with the same pictures, and torchvision's sums changed to theirs."""
    from torchvision.datasets import CIFAR10

    (folder / PICKLED).mkdir()

    def write(name, content):
        text = pickle.dumps(content)
        (folder / PICKLED / name).write_bytes(text)
        return hashlib.md5(text).hexdigest()

    sums = []
    for seed, name in enumerate([*TRAIN, "test_batch"]):
        pixels, label = planes(seed)
        sums.append([name, write(name, {"data": pixels.reshape(3, -1), "labels": label.tolist()})])
    meta = {**CIFAR10.meta, "md5": write("batches.meta", {"label_names": ["a"] * 10})}
    monkeypatch.setattr(CIFAR10, "train_list", sums[:5])
    monkeypatch.setattr(CIFAR10, "test_list", sums[5:])
    monkeypatch.setattr(CIFAR10, "meta", meta)
    return folder


@pytest.mark.parametrize("form", [BINARY, PICKLED])
def test_both_forms_give_the_pictures_their_labels_and_the_mirrored_ones(
    form, tmp_path, monkeypatch
):
    write = write_binary if form == BINARY else lambda f: write_pickled(f, monkeypatch)
    data = Cifar10(Cifar10Options(str(write(tmp_path))))
    assert data.spec == DataSpec((3, 32, 32), 10)
    assert (data.size("train"), data.size("test")) == (30, 3)
    items = data.items("train", torch.arange(30))
    expected = [planes(seed) for seed in range(5)]
    pixels = torch.from_numpy(np.concatenate([x for x, _ in expected]))
    assert torch.equal(data.to_uint8(items.x_0[:15]), pixels.movedim(1, -1))
    assert torch.equal(items.x_0[15:], items.x_0[:15].flip(3))
    label = torch.from_numpy(np.concatenate([y for _, y in expected])).long()
    assert torch.equal(items.label, torch.cat((label, label)))
    assert items.x_0.abs().max() == 1
    mixed = data.items("train", torch.tensor([17, 2, 20]))
    assert torch.equal(mixed.x_0, items.x_0[[17, 2, 20]])


def test_without_labels_and_without_flips(tmp_path):
    data = Cifar10(Cifar10Options(str(write_binary(tmp_path)), labels=False, flips=False))
    assert (data.spec.num_classes, data.size("train")) == (0, 15)
    assert data.items("test", torch.tensor([1])).label is None


class Canary:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def test_pickles_that_are_not_the_official_ones_are_never_opened(tmp_path):
    canary = tmp_path / "canary"
    (tmp_path / PICKLED).mkdir()
    for name in (*TRAIN, "test_batch", "batches.meta"):
        (tmp_path / PICKLED / name).write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(UserError, match=r"cifar-10-batches-py: not the official files") as said:
        Cifar10(Cifar10Options(str(tmp_path)))
    assert len(said.value.lines()) == 1
    assert not canary.exists()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda f: f.write_bytes(f.read_bytes()[:-1]),
            "damaged: 9218 bytes, expected some records",
        ),
        (lambda f: f.write_bytes(b""), "damaged: 0 bytes"),
        (lambda f: f.write_bytes(b"\x0a" * 3073), "record 0 has label 10, expected 0 to 9"),
        (Path.unlink, "cannot be read"),
    ],
)
def test_damaged_records_are_refused_by_name(tmp_path, damage, said):
    file = write_binary(tmp_path) / BINARY / "data_batch_4.bin"
    damage(file)
    with pytest.raises(UserError) as error:
        Cifar10(Cifar10Options(str(tmp_path)))
    (line,) = error.value.lines()
    assert line.startswith(f"{file}: ")
    assert said in line


def test_what_is_missing_is_said_with_its_source_and_place(tmp_path):
    with pytest.raises(UserError) as error:
        Cifar10(Cifar10Options(str(tmp_path)))
    (line,) = error.value.lines()
    assert f"{tmp_path}: CIFAR-10 is not in it; download https://www.cs.toronto.edu/~kriz/" in line
    assert "dataset.download = true" in line


def test_a_download_waits_for_the_first_item_and_says_what_to_do_without_a_network(
    tmp_path, monkeypatch
):
    from torchvision.datasets import CIFAR10

    def fail(self):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(CIFAR10, "download", fail)
    data = Cifar10(Cifar10Options(str(tmp_path), download=True))  # `check` downloads nothing
    with pytest.raises(UserError) as error:
        data.size("train")
    (line,) = error.value.lines()
    assert "cannot be downloaded (Network is unreachable)" in line
    assert f"cifar-10-binary.tar.gz, and unpack it in {tmp_path}" in line


def test_a_download_is_read_as_what_torchvision_keeps(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    served = tmp_path / "served"
    served.mkdir()
    write_pickled(served, monkeypatch)
    target = tmp_path / "mine"
    target.mkdir()
    monkeypatch.setattr(
        CIFAR10, "download", lambda self: shutil.copytree(served, target, dirs_exist_ok=True)
    )
    data = Cifar10(Cifar10Options(str(target), download=True))
    assert data.size("train") == 30
    assert data.size("test") == 3
