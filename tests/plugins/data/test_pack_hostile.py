"""What strangers or accidents put in the way of packing is refused by name."""

import numpy as np
import pytest
from latent_folders import LAYOUTS, SHAPE, data_of, labels, normal, options_of
from latent_folders import single_files as single
from packing import SHARD, assert_same_items, content, small_steps  # noqa: F401
from secantfw_data.pack import pack

from secantfw import UserError


def test_other_files_and_options_do_not_go_on_with_it(tmp_path):
    paths = single(tmp_path)
    pack(options_of(paths), tmp_path / "out", SHARD)
    assert pack(options_of(paths), tmp_path / "out", SHARD).finished  # twice is once
    with pytest.raises(UserError, match="with other files or options; name another --out"):
        pack(options_of(paths), tmp_path / "out", 2 * SHARD)
    (paths["folder"] / "8.npy").rename(paths["folder"] / "9.npy")
    with pytest.raises(UserError, match="with other files or options"):
        pack(options_of(paths), tmp_path / "out", SHARD)


def test_folders_that_are_something_else_are_left_alone(tmp_path):
    paths = single(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("")
    (tmp_path / "file").write_text("")
    pack(options_of(paths), tmp_path / "out", SHARD)
    for folder, out, said in (
        (paths["folder"], tmp_path / "mine", "is not empty, and no packing"),
        (paths["folder"], tmp_path / "file", "is no folder"),
        (paths["folder"], paths["folder"] / "out", "which is to be packed"),
        (tmp_path / "out", tmp_path / "again", "is packed already"),
    ):
        with pytest.raises(UserError, match=said):
            pack(options_of({"folder": folder}), out, SHARD)


def _bomb(file):
    np.savez_compressed(file, latents=np.zeros((5_000, *SHAPE), np.float32))


def _damaged(file):
    np.savez_compressed(file, latents=normal(40), label=labels(40))
    raw = bytearray(file.read_bytes())
    raw[3000] ^= 1
    file.write_bytes(raw)


def _not_finite(file):
    bad = normal(30)
    bad[17, 0, 0, 0] = np.inf
    np.savez(file, latents=bad, label=labels(30))


HOSTILE = {
    "9.npz: cannot be read (it swells to": _bomb,
    "9.npz: latents: cannot be read (": _damaged,
    "9.npz: latents: row 17 is not finite": _not_finite,
    "9.npz: has no labels, unlike the files before it": lambda f: np.savez(f, latents=normal(2)),
    "9.npz: latents: has shape (2, 4, 4, 5), expected (n, 4, 4, 4)": lambda f: np.savez(
        f, latents=np.ones((2, 4, 4, 5), np.float32), label=labels(2)
    ),
    "9.npz: label: labels are int64 of shape (3,), expected 2 integers": lambda f: np.savez(
        f, latents=normal(2), label=labels(3)
    ),
    "9.npz: std: row 1 has a negative standard deviation": lambda f: np.savez(
        f, mean=normal(2), std=np.stack([abs(normal(1)[0]), normal(1)[0]]), label=labels(2)
    ),
}


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: said[:45])
def test_strangers_files_are_refused_by_name_and_a_mended_one_goes_on(tmp_path, said):
    folder = tmp_path / "x"
    folder.mkdir()
    np.savez(folder / "1.npz", latents=normal(30), label=labels(30))
    HOSTILE[said](folder / "9.npz")
    with pytest.raises(UserError) as error:
        pack(options_of({"folder": folder}), tmp_path / "out", SHARD)
    (line,) = error.value.lines()
    assert said in line
    with pytest.raises(UserError, match="of 2 files only"):
        data_of({"folder": tmp_path / "out"})
    np.savez(folder / "9.npz", latents=normal(8, 2), label=labels(8, 2))
    pack(options_of({"folder": folder}), tmp_path / "out", SHARD)
    assert_same_items(data_of({"folder": folder}), data_of({"folder": tmp_path / "out"}))


def test_a_truncated_npy_is_refused_by_name_and_goes_on_when_it_is_mended(tmp_path):
    paths = single(tmp_path)
    file = paths["folder"] / "5.npy"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"x_features/5\.npy: cut short"):
        pack(options_of(paths), tmp_path / "out", SHARD)
    file.write_bytes(whole)
    assert pack(options_of(paths), tmp_path / "out", SHARD).rows == 9


@pytest.mark.parametrize(
    ("file", "damage", "said"),
    [
        ("pack.json", lambda b: b[:40], "pack.json: is no state of `secantfw pack`"),
        ("pack.json", lambda b: b"[1]", "pack.json: is no state of `secantfw pack`"),
        ("pack.json", lambda b: b.replace(b'pack": 1', b'pack": 9'), "version 9, expected 1"),
        ("latents-00001.safetensors", lambda b: b[:-5], "cut short"),
        ("latents-00001.safetensors", lambda b: bytes(8) + b[8:], "cannot be read"),
        ("label.safetensors", lambda b: b[:-8], "cut short"),
        ("files.safetensors", lambda b: b[:-8] + bytes(8), "do not have the rows"),
        ("label.safetensors", lambda b: b[:-8] + b"\x09" + bytes(7), "row 29 is 9, expected 0..6"),
    ],
)
def test_a_packed_folder_that_was_damaged_is_refused(tmp_path, file, damage, said):
    pack(options_of(LAYOUTS["one_npz"](tmp_path)), tmp_path / "out", SHARD)
    target = tmp_path / "out" / file
    target.write_bytes(damage(target.read_bytes()))
    with pytest.raises(UserError) as error:
        data_of({"folder": tmp_path / "out"})
    assert said in str(error.value)
    assert len(error.value.lines()) == 1


def test_keys_that_a_packed_folder_has_no_use_for_are_refused(tmp_path):
    paths = LAYOUTS["npy_shards"](tmp_path)
    pack(options_of(paths), tmp_path / "out", SHARD)
    with pytest.raises(UserError, match="is packed, with all there was; leave out `labels`"):
        data_of({**paths, "folder": tmp_path / "out"})
