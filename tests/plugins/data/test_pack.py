"""`secantfw pack`: the same items from a few large files, and what the verb says."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from latent_folders import CLASSES, LAYOUTS, SHAPE, data_of, labels, normal, options_of
from latent_folders import single_files as single
from packing import SHARD, assert_same_items, content, small_steps  # noqa: F401
from safetensors.torch import load_file
from secantfw_data.pack import pack

from secantfw import UserError
from secantfw.load_plugins import load_plugins
from secantfw.testing import run_checks, subject_of


@pytest.mark.parametrize("held_out", [0, 1, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_items_labels_and_held_out_files_are_the_same_after_packing(tmp_path, layout, held_out):
    paths = LAYOUTS[layout](tmp_path)
    if layout == "one_npz" and held_out:
        pytest.skip("one file cannot be held out of one")
    state = pack(options_of(paths), tmp_path / "out", SHARD)
    assert (state.finished, state.labels) == (True, True)
    packed = data_of({"folder": tmp_path / "out"}, held_out_shards=held_out)
    assert_same_items(data_of(paths, held_out_shards=held_out), packed)


def test_a_compressed_npz_is_packed_as_the_uncompressed_one(tmp_path):
    for name, save in (("plain", np.savez), ("packed", np.savez_compressed)):
        save(tmp_path / f"{name}.npz", latents=normal(50), label=labels(50))
        pack(options_of({"folder": tmp_path / f"{name}.npz"}), tmp_path / name, SHARD)
    with pytest.raises(UserError, match=r"latents is compressed.*`secantfw pack` it"):
        data_of({"folder": tmp_path / "packed.npz"})
    plain = data_of({"folder": tmp_path / "plain.npz"})
    assert_same_items(plain, data_of({"folder": tmp_path / "packed"}))


def test_files_are_plain_safetensors_of_at_most_the_size_asked_for(tmp_path):
    pack(options_of(LAYOUTS["one_npz"](tmp_path)), tmp_path / "out", SHARD)
    shards = sorted((tmp_path / "out").glob("latents-*.safetensors"))
    parts = [load_file(shard)["latents"] for shard in shards]
    assert [len(part) for part in parts] == [11, 11, 8]
    assert torch.equal(torch.cat(parts), torch.from_numpy(normal(30)))
    label = load_file(tmp_path / "out" / "label.safetensors")["label"]
    assert label.tolist() == labels(30).tolist()


def test_folders_without_labels_are_packed_and_say_so_when_they_are_wanted(tmp_path):
    (tmp_path / "x").mkdir()
    np.save(tmp_path / "x" / "0.npy", normal(20))
    assert not pack(options_of({"folder": tmp_path / "x"}), tmp_path / "out", SHARD).labels
    with pytest.raises(UserError, match="packed without labels, and the data set has 7 classes"):
        data_of({"folder": tmp_path / "out"})


def test_the_index_of_a_packed_folder_opens_no_more_files_for_more_latents(tmp_path, monkeypatch):
    counts = []
    for n in (10, 400):
        where = tmp_path / str(n)
        where.mkdir()
        pack(options_of(single(where, n=n)), where / "out", 10**9)
        opened, real = [], Path.open
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", lambda *a, **k: opened.append(a) or real(*a, **k))  # noqa: B023
            data = data_of({"folder": where / "out"})
        counts.append(len(opened))
        assert data.size("train") == n
    assert counts[0] == counts[1] < 10


def test_labels_are_mapped_and_not_copied(tmp_path):
    pack(options_of(LAYOUTS["one_npz"](tmp_path)), tmp_path / "out", SHARD)
    data = data_of({"folder": tmp_path / "out"})
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("this system does not list what is mapped")
    assert f"{tmp_path}/out/label.safetensors" in maps.read_text()
    assert data.size("train") == 30


def test_the_verb_says_what_it_did_and_what_is_wrong(tmp_path, secantfw):
    paths = single(tmp_path)
    said = secantfw("pack", paths["folder"], "--out", tmp_path / "out", "--shape", "4,4,4")
    assert said.code == 0, said.err
    assert "9 latents of 9 files, with labels" in said.out
    for arguments, words in (
        ([tmp_path / "nowhere", "--out", "x"], "no such file or folder"),
        ([paths["folder"], "--out", ""], "--out: expected a path"),
        ([paths["folder"], "--out", "x", "--shape", "4,4"], "--shape: expected numbers"),
        ([paths["folder"], "--out", "x", "--shard-gb", "0"], "--shard-gb: expected a number"),
        ([paths["folder"], "--out", tmp_path / "y"], "expected (n, 4, 32, 32)"),
    ):
        said = secantfw("pack", *arguments)
        assert said.code == 2
        (line,) = said.err.splitlines()
        assert words in line


def test_help_names_the_verb_and_loads_no_torch():
    for words in (["--help"], ["pack", "--help"]):
        code = (
            "import sys; from secantfw.cli.main import main\n"
            "try: main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
        )
        said = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
        )
        assert "pack a folder of latents" in said.stdout


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_data_set_conforms_in_every_layout_packed_and_not(tmp_path, layout):
    registry = load_plugins().registry
    paths = {key: str(path) for key, path in LAYOUTS[layout](tmp_path).items()}
    pack(options_of(paths), tmp_path / "out", SHARD)
    for where in (paths, {"folder": str(tmp_path / "out")}):
        table = {**where, "shape": list(SHAPE), "classes": CLASSES}
        subject = subject_of(registry.find("dataset", "latents"), registry, table)
        assert [r for r in run_checks(subject) if r.outcome == "failed"] == []


def test_a_file_that_was_half_packed_and_became_shorter_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    bad = normal(60)
    bad[50] = np.nan
    np.savez(folder / "0.npz", latents=normal(4), label=labels(4))
    np.savez(folder / "1.npz", latents=bad, label=labels(60))
    with pytest.raises(UserError, match="row 50 is not finite"):
        pack(options_of({"folder": folder}), tmp_path / "out", SHARD)
    assert len(list((tmp_path / "out").glob("latents-*"))) > 2
    np.savez(folder / "1.npz", latents=normal(3), label=labels(3))
    for out in ("out", "straight"):
        pack(options_of({"folder": folder}), tmp_path / out, SHARD)
    assert content(tmp_path / "out") == content(tmp_path / "straight")
