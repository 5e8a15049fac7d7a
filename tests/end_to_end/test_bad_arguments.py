"""Arguments that no verb can take: one line that says what to write instead, no traceback."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors import SafetensorError

from secantfw.interfaces.records import WeightsHeader
from secantfw.sampling.store import Store
from secantfw.weights.safetensors import save_weights

FULL = "Error while serializing: I/O error: No space left on device (os error 28)"


@pytest.fixture
def full_disk(monkeypatch):
    def refuse(*_, **__):
        raise SafetensorError(FULL)

    monkeypatch.setattr("safetensors.torch.save_file", refuse)


@pytest.fixture
def trained(monkeypatch):
    """What `export` finds in a run, without one."""
    found = SimpleNamespace(
        student=torch.nn.Linear(1, 1),
        directory=Path("run"),
        checkpoint=Path("step-000001"),
        built=SimpleNamespace(
            experiment=SimpleNamespace(title=""), header=lambda: WeightsHeader("", options={})
        ),
    )
    monkeypatch.setattr("secantfw.cli.export.load_trained", lambda *_, **__: found)


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("nodir/e.safetensors", "No such file or directory"),
        ("folder", "Is a directory"),
    ],
)
def test_an_export_that_cannot_be_written(secantfw, trained, tmp_path, monkeypatch, out, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    said = secantfw("export", "run", "--out", out)
    assert said.code == 2
    assert said.err == f"secantfw: error: {out}: cannot be written ({reason})\n"


@pytest.mark.parametrize("verb", ["run", "sample", "export", "new"])
def test_an_empty_out_is_not_the_current_folder(secantfw, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    said = secantfw(verb, *(["plugin"] if verb == "new" else []), "x", "--out", "")
    assert said.code == 2
    assert said.err == "secantfw: error: --out: expected a path, got ''\n"
    assert list(tmp_path.iterdir()) == []


def test_weights_that_do_not_fit_are_an_os_error(full_disk, tmp_path):
    header = WeightsHeader("", options={})
    with pytest.raises(OSError, match="No space left on device") as caught:
        save_weights(tmp_path / "w.safetensors", {"a": torch.zeros(1)}, header)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.strerror == "No space left on device"


def test_samples_that_do_not_fit_are_an_os_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("secantfw.sampling.array_file.os.link", refuse)
    store = Store(tmp_path, SimpleNamespace(to_uint8=lambda _: None), 2, 2)
    with pytest.raises(OSError, match="No space left on device"):
        store.add(torch.zeros(2, 1), range(2))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a.b", "", "class", "My-Loss"])
def test_the_name_of_a_new_plugin_is_looked_at_first(secantfw, tmp_path, name):
    said = secantfw("new", "plugin", name, "--kind", "loss", "--out", tmp_path)
    assert said.code == 2
    assert said.err.startswith(f"secantfw: error: new plugin: {name!r} cannot be its name;")
    assert list(tmp_path.iterdir()) == []


def test_a_run_directory_is_no_file_but_has_one(secantfw, tmp_path):
    (tmp_path / "resolved.toml").touch()
    said = secantfw("run", tmp_path)
    assert said.code == 2
    assert said.err == (
        f"secantfw: error: {tmp_path}: a directory, expected a TOML file; "
        f"the experiment of this run is {tmp_path / 'resolved.toml'}\n"
    )


@pytest.mark.parametrize("verb", ["show", "diff"])
def test_a_folder_of_runs_names_the_newest(secantfw, tmp_path, verb):
    for name in ("2026-01-02", "2026-01-01"):
        (tmp_path / "toy" / name).mkdir(parents=True)
        (tmp_path / "toy" / name / "resolved.toml").touch()
    said = secantfw(verb, tmp_path, *([tmp_path] if verb == "diff" else []))
    assert said.code == 2
    assert said.err == (
        f"secantfw: error: {tmp_path}: not a run directory (no resolved.toml); "
        f"did you mean {tmp_path / 'toy' / '2026-01-02'}?\n"
    )


@pytest.mark.parametrize("verb", ["show", "run"])
def test_an_override_before_the_file(secantfw, experiments, tmp_path, verb):
    said = secantfw(verb, "train.steps=4", experiments / "sit_picard.toml")
    assert said.code == 2
    line = "train.steps=4: no such file; overrides come after FILE"
    assert said.err == f"secantfw: error: {line}\n"


@pytest.mark.parametrize(
    ("verb", "missing"),
    [("evaluate", "RUN"), ("sample", "RUN, --out"), ("show", "FILE"), ("check", "FILE")],
)
def test_overrides_are_not_required(secantfw, verb, missing):
    said = secantfw(verb)
    assert said.code == 2
    assert said.err.endswith(f"error: the following arguments are required: {missing}\n")


@pytest.mark.plugin("basics")
@pytest.mark.parametrize("verb", ["describe", "conform"])
def test_a_component_without_its_kind(secantfw, verb):
    said = secantfw(verb, "heun")
    assert said.code == 2
    assert said.err.endswith("; did you mean 'solver:heun'?\n")
    assert said.err.count("\n") == 1
    assert "did you mean" not in secantfw(verb, "verlet").err


@pytest.mark.parametrize(("count", "bound"), [(0, "least 1"), (10**30, "most 10_000_000")])
def test_a_count_out_of_bounds(secantfw, tmp_path, count, bound):
    said = secantfw("sample", tmp_path, "--count", count, "--out", tmp_path / "out")
    assert said.code == 2
    assert said.err == f"secantfw: error: sample: --count must be at {bound}\n"
