"""The comparison itself: what is changed, added or left out in a folder of golden files shows."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from . import test_parity as parity
from .comparison import Account
from .conftest import DEFAULT
from .golden import golden_files

STEM = "sit_no_sigma"


@pytest.fixture
def folder(tmp_path):
    """One file under another name."""
    for end in ("json", "safetensors"):
        shutil.copy(DEFAULT / f"{STEM}.{end}", tmp_path / f"other.{end}")
    return tmp_path


def failures(folder) -> list[str]:
    """What pytest would report of the folder."""
    found, account = [], Account()
    for golden in golden_files(folder):
        runs = [
            (parity.test_case_equals_the_official_result, (case, account))
            for case in golden.cases()
        ]
        runs.append(
            (parity.test_float64_results_agree_strictly_where_the_bits_are_the_files, (account,))
        )
        runs.append((parity.test_the_file_is_what_its_sidecar_says, ()))
        for test, arguments in runs:
            try:
                test(golden, *arguments)
            except (AssertionError, KeyError, StopIteration) as error:
                found.append(str(error).splitlines()[0])
    return found


def change(folder, tensors=None, sidecar=None) -> None:
    """Rewrite the tensors, the sidecar or both by functions of their dicts."""
    file, said = folder / "other.safetensors", folder / "other.json"
    if tensors is not None:
        held = load_file(str(file))
        tensors(held)
        save_file(held, str(file))
    if sidecar is not None:
        text = json.loads(said.read_text())
        sidecar(text)
        said.write_text(json.dumps(text))


def shifted(name, by):
    """One number of a tensor moved by `by` times the tensor's largest."""

    def tensors(held):
        value = held[name].clone()
        value.flatten()[0] += by * value.abs().max()
        held[name] = value

    return tensors


def test_the_name_of_a_file_means_nothing(folder):
    assert failures(folder) == []


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("out/velocity.f32", 2e-4),
        ("out/ode_euler_6.f32", 2e-4),
        ("out/velocity.f64", 3e-7),
        ("out/ode_heun2.f64", 3e-7),
        ("out/sde_euler_sigma_mean.f64", 5e-6),
        ("out/pos_embed_official_init", 1e-6),
        ("in/x", 1e-3),
        ("draw/sde_euler_sigma_mean/03_randn", 1e-2),
        ("state/final_layer.linear.weight", 1e-2),
    ],
)
def test_a_number_that_moved_shows(folder, name, by):
    change(folder, shifted(name, by))
    assert failures(folder)


def test_what_is_not_known_is_a_failure(folder):
    def add(held):
        held["out/something.f32"] = torch.zeros(2)

    change(folder, add)
    found = failures(folder)
    assert any("unknown case 'something'" in line for line in found)
    assert len(found) == 2  # and the sidecar does not list it


def test_an_argument_that_is_not_understood_is_a_failure(folder):
    change(folder, sidecar=lambda said: said["ode"][0]["kw"].update(reverse=True))
    assert any("not understood: ['reverse']" in line for line in failures(folder))


def test_a_result_that_is_listed_and_absent_is_a_failure(folder):
    change(folder, lambda held: held.pop("out/velocity.f32"))
    assert len(failures(folder)) == 2


def test_a_file_of_no_kind_is_a_failure(folder):
    change(folder, sidecar=lambda said: said.pop("ode"))
    assert all("one known kind" in line for line in failures(folder))
    (folder / "other.json").unlink()
    assert len(failures(folder)) > 5


def test_the_limits_are_those_of_the_sidecar(folder):
    change(folder, sidecar=lambda said: said.update(tolerance="f32 rel 1e-12; f64 rel 1e-17"))
    assert len(failures(folder)) > 5
