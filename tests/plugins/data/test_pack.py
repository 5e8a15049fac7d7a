"""`secantfw pack`: the same items in the same order, whatever kills it, and no half a folder."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from latent_folders import CLASSES, LAYOUTS, SHAPE, data_of, labels, normal, options_of, repa
from latent_folders import single_files as single
from safetensors.torch import load_file
from secantfw_data import array_file, pack_writer, stored_rows
from secantfw_data.pack import pack

from secantfw import RunAborted, UserError
from secantfw.load_plugins import load_plugins
from secantfw.testing import run_checks, subject_of

SHARD = 3000  # bytes: some 11 latents of float32


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Blocks of two latents, which are flushed each; what needs no disk does not wait for one."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(array_file, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(stored_rows, "_BLOCK", 600)
    monkeypatch.setattr(pack_writer, "_BYTES_BETWEEN_COMMITS", 600)


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def assert_same_items(one, other):
    for split in ("train", "test"):
        assert one.size(split) == other.size(split)
        index = torch.randperm(one.size(split))
        a, b = (data.items(split, index) for data in (one, other))
        assert torch.equal(a.x_0, b.x_0)
        assert torch.equal(a.label, b.label)


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


class Killed(BaseException):
    """The process ends here."""


class Faults:
    """Counts what is done to the disk; at the `at`-th operation there is a fault, half-way."""

    def __init__(self, monkeypatch, at=None, error=Killed):
        self.count, self._at, self._error = 0, at, error
        for name in ("write", "pwrite", "ftruncate", "fsync", "replace"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name, real):
        def called(*arguments):
            self.count += 1
            if self.count != self._at:
                return real(*arguments)
            if name == "write":
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise self._error

        return called


def pack_with_fault(monkeypatch, at, error, paths, out):
    with monkeypatch.context() as patch:
        Faults(patch, at, error)
        pack(options_of(paths), out, SHARD)


MANY = ("npy_shards", "repa", "types_and_forms")


@pytest.mark.parametrize("layout", MANY)
def test_killed_at_any_operation_it_goes_on_to_the_same_bytes(tmp_path, layout, monkeypatch):
    paths = LAYOUTS[layout](tmp_path)
    with monkeypatch.context() as patch:
        counted = Faults(patch)
        pack(options_of(paths), tmp_path / "straight", SHARD)
    straight = content(tmp_path / "straight")
    points = sorted({*range(1, 12), *range(12, counted.count + 1, 3), counted.count})
    for at in points:
        out = tmp_path / f"killed-{at}"
        with pytest.raises(Killed):
            pack_with_fault(monkeypatch, at, Killed, paths, out)
        if (out / "pack.json").exists() and not json.loads((out / "pack.json").read_text())[
            "finished"
        ]:
            with pytest.raises(UserError) as error:
                data_of({"folder": out})
            assert re.search(r"is packed by \d+ of \d+ files only; call `secantfw pack /\S+ --out",
                             str(error.value))  # fmt: skip
            assert len(error.value.lines()) == 1
        pack(options_of(paths), out, SHARD)
        assert content(out) == straight, f"killed at operation {at}"
    assert len(points) > 12


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch):
    paths = single(tmp_path, n=40)
    with pytest.raises(Killed):
        pack_with_fault(monkeypatch, 120, Killed, paths, tmp_path / "out")
    done = json.loads((tmp_path / "out" / "pack.json").read_text())["done"]
    assert done > 5
    for i in range(done):
        (paths["folder"] / f"{i}.npy").write_bytes(b"")  # would be refused
    assert pack(options_of(paths), tmp_path / "out", SHARD).rows == 40


def test_a_full_disk_is_one_line_and_what_is_packed_is_kept(tmp_path, monkeypatch):
    paths = repa(tmp_path)
    pack(options_of(paths), tmp_path / "straight", SHARD)
    for at in (3, 20, 33, 50):
        out = tmp_path / f"full-{at}"
        full = OSError(errno.ENOSPC, "No space left on device")
        with pytest.raises(RunAborted) as error:
            pack_with_fault(monkeypatch, at, full, paths, out)
        (line,) = error.value.lines()
        assert "cannot be written (No space left on device)" in line
        assert "call it again" in line
        pack(options_of(paths), out, SHARD)
        assert content(out) == content(tmp_path / "straight")


def test_kill_9_in_the_middle_and_again(tmp_path, monkeypatch):
    """A real process, killed for good as soon as it has kept some of its work."""
    monkeypatch.undo()
    paths, out = single(tmp_path, n=600), tmp_path / "out"
    code = (
        "import sys; from secantfw_data import pack_writer\n"
        "pack_writer._FILES_BETWEEN_COMMITS = 100\n"
        "from secantfw.cli.main import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "pack", str(paths["folder"]), "--out", str(out),
               "--shape", "4,4,4"]  # fmt: skip
    running = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (out / "files.safetensors").exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    running.send_signal(signal.SIGKILL)
    running.wait()
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "600 latents of 600 files, with labels" in said.stdout
    pack(options_of(paths), tmp_path / "straight", 4 * 10**9)
    assert content(out) == content(tmp_path / "straight")


def test_two_at_once_are_refused(tmp_path):
    paths = single(tmp_path)
    with (
        pack_writer.locked(tmp_path / "out"),
        pytest.raises(UserError, match="another `secantfw pack` is writing it"),
    ):
        pack(options_of(paths), tmp_path / "out", SHARD)


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
