"""Packing that is killed, or meets a full disk or another packing, goes on to the same bytes."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from latent_folders import LAYOUTS, data_of, options_of, repa
from latent_folders import single_files as single
from packing import SHARD, assert_same_items, content, small_steps  # noqa: F401
from secantfw_data import pack_writer
from secantfw_data.pack import pack

from secantfw import RunAborted, UserError


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
