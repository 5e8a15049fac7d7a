"""Latents from shards: what is read, how it is indexed, and what is said of bad shards."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from secantfw_data.latents import Latents
from secantfw_data.options import LatentsOptions

from secantfw import DataSpec, UserError

SHAPE = (4, 4, 4)
RNG = np.random.default_rng(0)


def normal(n, scale=5.4):
    return (scale * RNG.normal(size=(n, *SHAPE))).astype(np.float32)


def build(folder, **options):
    return Latents(LatentsOptions(folder=str(folder), shape=SHAPE, **options))


def folder_of_npy(folder, arrays):
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / name, array)
    return folder


def test_rows_of_all_formats_come_in_the_order_asked_for(tmp_path):
    """Shards in natural order, numbered through: npy, npz, safetensors; float16 and bfloat16."""
    a, b, c, d = normal(3), normal(2), normal(4), normal(5)
    np.save(tmp_path / "2.npy", a[None])  # a leading axis of 1, as some writers leave it
    np.savez(tmp_path / "10.npz", latents=b.astype(np.float16), other=np.arange(3))
    save_file({"latents": torch.from_numpy(c).bfloat16()}, tmp_path / "11.safetensors")
    np.savez(tmp_path / "12.npz", latents=d.astype(">f8"))
    data = build(tmp_path)
    assert data.spec == DataSpec(SHAPE, 0)
    assert (data.size("train"), data.size("test")) == (14, 0)
    index = torch.tensor([13, 0, 5, 3, 13, 2])
    b16 = torch.from_numpy(c).bfloat16().float().numpy()
    expected = [d[4], a[0], b16[0], b[0].astype(np.float16), d[4], a[2]]
    items = data.items("train", index)
    assert items.label is None
    assert torch.equal(items.x_0, torch.from_numpy(np.float32(expected)) * 0.18215)


def test_labels_beside_and_mirrored_latents_double_the_index(tmp_path):
    plain, flipped = {}, {}
    for name, n in (("0.npy", 3), ("1.npy", 2)):
        plain[name] = normal(n)
        flipped[name] = plain[name][..., ::-1].copy()
    folder_of_npy(tmp_path / "x", plain)
    folder_of_npy(tmp_path / "f", flipped)
    folder_of_npy(tmp_path / "y", {"0.npy": np.array([[4, 0, 1]]), "1.npy": np.array([2, 3])})
    data = build(
        tmp_path / "x", labels=str(tmp_path / "y"), flipped=str(tmp_path / "f"), classes=5
    )
    assert data.size("train") == 10
    items = data.items("train", torch.arange(10))
    assert items.label.tolist() == [4, 0, 1, 2, 3] * 2
    assert torch.equal(items.x_0[5:], items.x_0[:5].flip(3))


def test_a_posterior_is_sampled_by_the_index_alone(tmp_path):
    mean, std = torch.full((2, *SHAPE), 1.0), torch.full((2, *SHAPE), 2.0)
    mean[1] = -1.0
    save_file(
        {"mean": mean, "std": std, "label": torch.tensor([1, 0])}, tmp_path / "a.safetensors"
    )
    data = build(tmp_path, scale=0.5, classes=2)
    one, again = (data.items("train", torch.tensor(i)).x_0 for i in ([0, 1], [1, 0]))
    assert torch.equal(one, again.flip(0))
    e = (one / 0.5 - mean) / std
    assert torch.equal(
        e[0].round(decimals=4),
        torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)).round(decimals=4),
    )


def test_held_out_shards_are_the_last_ones(tmp_path):
    folder_of_npy(tmp_path / "x", {f"{i}.npy": normal(2 + i) for i in range(3)})
    data = build(tmp_path / "x", held_out_shards=1)
    assert (data.size("train"), data.size("test")) == (5, 4)


def test_next_to_nothing_is_read(tmp_path, monkeypatch):
    """A shard of 4 GB that is nearly all hole: opened, and one row of it read."""
    header = np.lib.format.header_data_from_array_1_0(np.empty((1, *SHAPE), np.float32))
    rows = 2**24
    file = tmp_path / "x.npy"
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {**header, "shape": (rows, *SHAPE)})
        start = stream.tell()
        stream.write(normal(64).tobytes())
        stream.truncate(start + rows * 256)
        stream.seek(start + (rows - 1) * 256)
        stream.write(np.full(SHAPE, 3.0, np.float32).tobytes())
    data = build(tmp_path)
    assert data.size("train") == rows
    x_0 = data.items("train", torch.tensor([rows - 1])).x_0
    assert torch.equal(x_0, torch.full((1, *SHAPE), 3.0) * 0.18215)


def _write(file, content):
    file.write_bytes(content)


BAD = {
    "no shards of latents": lambda f: (f / "notes.txt").write_text(""),
    "1.npy: cannot be read": lambda f: _write(f / "1.npy", b"not an array"),
    "1.npy: has shape (3, 4, 4, 5), expected (n, 4, 4, 4)": lambda f: np.save(
        f / "1.npy", np.ones((3, 4, 4, 5), np.float32)
    ),
    "1.npy: is int64, expected floats": lambda f: np.save(
        f / "1.npy", np.ones((3, *SHAPE), np.int64)
    ),
    "1.npy: holds pickled objects": lambda f: np.save(
        f / "1.npy", np.array([{}, {}], dtype=object), allow_pickle=True
    ),
    "1.npy: cut short: (3, 4, 4, 4) needs 896 bytes, the file has 200": lambda f: _write(
        f / "1.npy", _npy_bytes(f)[:200]
    ),
    "latents is compressed": lambda f: np.savez_compressed(f / "1.npz", latents=normal(2)),
    "1.npz: no latents: expected 'latents', or 'mean' and 'std'; it has x": lambda f: np.savez(
        f / "1.npz", x=normal(2)
    ),
    "1.npz: mean has 2 rows, std 3": lambda f: np.savez(
        f / "1.npz", mean=normal(2), std=normal(3)
    ),
    "1.npz: latents_flip: 2 mirrored latents for 3": lambda f: np.savez(
        f / "1.npz", latents=normal(3), latents_flip=normal(2)
    ),
    "1.safetensors: cannot be read": lambda f: _write(f / "1.safetensors", b"\xff" * 64),
}


def _npy_bytes(folder):
    np.save(folder / "1.npy", normal(3))
    return (folder / "1.npy").read_bytes()


@pytest.mark.parametrize("said", BAD, ids=lambda said: said[:40])
def test_a_bad_shard_is_named(tmp_path, said):
    if "no shards" not in said:
        np.save(tmp_path / "0.npy", normal(3))
    BAD[said](tmp_path)
    with pytest.raises(UserError) as error:
        build(tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bad_row_is_named(tmp_path):
    bad = normal(200)
    bad[150, 1, 2, 3] = np.nan
    np.savez(tmp_path / "a.npz", latents=bad)
    data = build(tmp_path)
    with pytest.raises(UserError, match=r"a\.npz: latents: row 150 is not finite"):
        data.items("train", torch.tensor([3, 150]))


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (np.array([0, 7, 1]), r"a\.npz: label: row 1 is 7, expected 0\.\.4"),
        (np.array([0, 1]), r"label: labels are int64 of shape \(2,\), expected 3 integers"),
        (np.zeros(3), "labels are float64"),
        (None, "no array 'label', and the data set has 5 classes"),
    ],
)
def test_bad_labels_are_named(tmp_path, label, said):
    arrays = {} if label is None else {"label": label}
    np.savez(tmp_path / "a.npz", latents=normal(3), **arrays)
    with pytest.raises(UserError, match=said):
        build(tmp_path, classes=5)


def test_latents_scaled_twice_or_never_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", normal(64, scale=1.0))
    with pytest.raises(UserError, match=r"deviation of 0.18.*`scaled = true` if they already are"):
        build(tmp_path)
    assert build(tmp_path, scaled=True).size("train") == 64


def test_negative_deviations_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", mean=normal(3), std=normal(3))
    with pytest.raises(UserError, match="std: row 0 has a negative standard deviation"):
        build(tmp_path)


def test_a_thousand_shards_need_no_thousand_open_files(tmp_path):
    import resource

    for i in range(300):
        np.save(tmp_path / f"{i}.npy", normal(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (220, hard))
    try:
        data = build(tmp_path)
        assert data.items("train", torch.arange(300)).x_0.isfinite().all()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_split_that_is_not_there_has_no_items_of_the_right_shape(tmp_path):
    """Without held-out shards, which is what the paper's recipes leave it at."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(8, 4, 4, 4)).astype(np.float32) * 5.4)
    data = Latents(LatentsOptions(folder=str(tmp_path), shape=(4, 4, 4)))
    for split in ("train", "test"):
        assert data.items(split, torch.empty(0, dtype=torch.int64)).x_0.shape == (0, 4, 4, 4)
