"""Latents in the layouts that people have: where files, halves and labels are found."""

import json
import os
import zipfile

import numpy as np
import pytest
import torch
from latent_folders import (
    CLASSES,
    LAYOUTS,
    SHAPE,
    data_of,
    labels,
    normal,
    options_of,
    repa,
    single_files,
)
from secantfw_data.latents import Latents

from secantfw import UserError


def all_items(data, split="train"):
    return data.items(split, torch.arange(data.size(split)))


def test_a_file_for_each_latent_has_its_label_in_the_folder_beside(tmp_path):
    data = data_of(single_files(tmp_path))
    items = all_items(data)
    expected = torch.from_numpy(np.concatenate([normal(1, i) for i in range(9)]))
    assert torch.equal(items.x_0, expected * 0.18215)
    assert items.label.tolist() == [int(labels(1, i)[0]) for i in range(9)]


def test_repas_halves_are_a_posterior_and_its_labels_are_found_by_name(tmp_path):
    data = data_of(repa(tmp_path))
    items = all_items(data)
    for i in range(11):
        e = torch.randn(SHAPE, generator=torch.Generator().manual_seed(i))
        mean, std = (torch.from_numpy(x) for x in (normal(1, i)[0], abs(normal(1, i + 100)[0])))
        assert torch.allclose(items.x_0[i], 0.18215 * (mean + std * e), atol=1e-6)
    assert items.label.tolist() == [int(labels(1, i)[0]) for i in range(11)]


def test_a_file_of_one_latent_needs_no_first_axis(tmp_path):
    for i in range(4):
        np.save(tmp_path / f"{i}.npy", normal(1, i)[0])
    data = Latents(options_of({"folder": tmp_path}))
    assert torch.equal(all_items(data).x_0[3], torch.from_numpy(normal(1, 3)[0]) * 0.18215)


@pytest.mark.parametrize("key", ["label", "labels"])
def test_an_npz_that_holds_its_labels_needs_no_other_key(tmp_path, key):
    np.savez(tmp_path / "a.npz", latents=normal(5), **{key: labels(5)})
    assert all_items(data_of({"folder": tmp_path})).label.tolist() == labels(5).tolist()


def test_labels_that_are_named_count_before_the_files_own(tmp_path):
    (tmp_path / "x").mkdir()
    np.savez(tmp_path / "x" / "a.npz", latents=normal(5), label=labels(5))
    np.savez(tmp_path / "other.npz", label=(labels(5) + 1) % CLASSES)
    data = data_of({"folder": tmp_path / "x", "labels": tmp_path / "other.npz"})
    assert all_items(data).label.tolist() == ((labels(5) + 1) % CLASSES).tolist()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_items_of_an_empty_index_are_none(tmp_path, layout):
    items = data_of(LAYOUTS[layout](tmp_path)).items("test", torch.arange(0))
    assert items.x_0.shape == (0, *SHAPE)
    assert items.label.shape == (0,)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_in_any_order_and_company_are_the_same(tmp_path, layout):
    data = data_of(LAYOUTS[layout](tmp_path))
    items, order = all_items(data), torch.randperm(data.size("train"))
    mixed = data.items("train", order)
    assert torch.equal(mixed.x_0, items.x_0[order])
    assert torch.equal(mixed.label, items.label[order])
    alone = data.items("train", order[:1])
    assert torch.equal(alone.x_0, items.x_0[order[:1]])


def _labels_json(folder, value):
    (folder / "vae-sd" / "dataset.json").write_text(value)


def _named(labels):
    return json.dumps(
        {"labels": [[f"{i // 4:05d}/img-mean-std-{i:08d}.npy", x] for i, x in enumerate(labels)]}
    )


HOSTILE = {
    "dataset.json: labels[1]: 'a.npy' is there twice": lambda f: _labels_json(
        f, '{"labels": [["a.npy", 1], ["a.npy", 2]]}'
    ),
    "dataset.json: cannot be read as labels": lambda f: _labels_json(f, "{"),
    "dataset.json: cannot be read as labels (RecursionError)": lambda f: _labels_json(
        f, "[" * 100_000
    ),
    "dataset.json: expected a list": lambda f: _labels_json(f, '{"labels": 3}'),
    "labels[0]: label 1.5, expected a whole number": lambda f: _labels_json(
        f, '{"labels": [["a.npy", 1.5]]}'
    ),
    "labels[0]: label -1, expected a whole number": lambda f: _labels_json(
        f, '{"labels": [["a.npy", -1]]}'
    ),
    "labels[0]: ['a.npy'], expected a name and a label": lambda f: _labels_json(
        f, '{"labels": [["a.npy"]]}'
    ),
    "'00001/img-mean-std-00000007.npy' has no label in dataset.json": lambda f: _labels_json(
        f, _named([0] * 7)
    ),
    "no array 'label', and the data set has 7 classes": lambda f: _labels_json(
        f, '{"labels": null}'
    ),
    "img-mean-std-00000003.npy: row 0 is 7, expected 0..6": lambda f: _labels_json(
        f, _named([0, 0, 0, 7, *[0] * 7])
    ),
    "00000/x.npy: has shape (9, 4, 4), expected (n, 4, 4, 4)": lambda f: np.save(
        f / "vae-sd" / "00000" / "x.npy", np.ones((9, 4, 4), np.float32)
    ),
    "x.npy: cut short": lambda f: (f / "vae-sd" / "00000" / "x.npy").write_bytes(
        (f / "vae-sd" / "00000" / "img-mean-std-00000000.npy").read_bytes()[:300]
    ),
    "x.npy: cannot be read (its header claims more": lambda f: (
        f / "vae-sd" / "00000" / "x.npy"
    ).write_bytes(b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(100)),
}  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: said[:50])
def test_strangers_files_are_refused_in_one_line(tmp_path, said):
    paths = repa(tmp_path)
    HOSTILE[said](tmp_path)
    with pytest.raises(UserError) as error:
        data_of(paths)
    assert said in str(error.value)
    assert len(error.value.lines()) == 1
    assert "\n" not in str(error.value)


def test_names_in_dataset_json_open_nothing(tmp_path):
    paths = repa(tmp_path, n=2)
    file = paths["folder"] / "dataset.json"
    said = json.loads(file.read_text())["labels"]
    file.write_text(json.dumps({"labels": [*said, ["../../etc/passwd", 1], ["/dev/zero", 2]]}))
    assert data_of(paths).size("train") == 2


def test_a_name_that_is_twice_in_an_npz_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", latents=normal(2), label=labels(2))
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive, pytest.warns(match="Duplicate"):
        archive.writestr("latents.npy", archive.read("latents.npy"))
    with pytest.raises(UserError, match=r"a\.npz: latents is there 2 times"):
        data_of({"folder": tmp_path})


def test_halves_with_negative_deviations_are_refused_by_row(tmp_path):
    np.save(tmp_path / "a.npy", np.concatenate((normal(3), normal(3, 1)), 1))
    np.save(tmp_path / "l.npy", labels(3))
    with pytest.raises(UserError, match=r"a\.npy: row 0 has a negative standard deviation"):
        data_of({"folder": tmp_path / "a.npy", "labels": tmp_path / "l.npy"})


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", latents=normal(400), label=labels(400))
    data = data_of({"folder": tmp_path})
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:20_000])
    with pytest.raises(UserError, match=r"a\.npz: latents: cut short since it was first read"):
        data.items("train", torch.tensor([399]))


def test_five_thousand_shards_are_opened_as_often_as_their_rows_are_read(tmp_path, monkeypatch):
    """Counted, not timed: a batch costs no more opened files than it has shards."""
    for i in range(300):
        np.save(tmp_path / f"{i}.npy", normal(2, i))
    data = Latents(options_of({"folder": tmp_path}))
    opened = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda *a, **k: opened.append(a[0]) or real(*a, **k))
    read = []
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda *a: read.append(a[2]) or preadv(*a))
    data.items("train", torch.randperm(600)[:128])
    assert len(opened) <= 128
    assert len(read) == 128
