"""Two processes do what one does: one launch, many looks at what it left."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from gradients import LOSSES

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "flowmaps", "montecarlo", "sit")

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([str(TESTS / "parallel"), str(TESTS), known])
    subprocess.run(
        [sys.executable, str(TESTS / "parallel" / "scenarios.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        check=True,
        timeout=600,
    )
    return json.loads((folder / "shown.json").read_text())


def test_two_processes_train_the_weights_of_one(shown):
    found = shown["agreement"]
    assert all(code == 0 for codes in found["codes"].values() for code in codes)
    assert {name: apart for name, apart in found["apart"].items() if apart > 1e-5} == {}
    assert found["again"], "two launches of two processes differ"


def test_fsdp_trains_the_same_bits_by_blocks_and_whole(shown):
    assert shown["agreement"]["shards"]


def test_compiled_blocks_under_ddp_train_the_same_bits(shown):
    assert shown["agreement"]["compiled"]


def test_engines_of_plug_ins_train_the_weights_of_one_process(shown):
    found = shown["agreement"]
    assert found["codes"]["by_hand"] == [0, 0]
    assert found["apart"]["by_hand"] <= 1e-5
    if importlib.util.find_spec("accelerate") is None:
        pytest.skip("accelerate is not installed")
    assert found["codes"]["by_accelerate"] == [0, 0]
    assert found["apart"]["by_accelerate"] <= 1e-5


def test_recomputed_activations_change_nothing_under_either_engine(shown):
    found = shown["recomputation"]
    assert found["codes"] == [0] * 6
    assert found["same"]
    assert found["fsdp"] <= 1e-5


def test_processes_in_half_precision_scale_alike_and_resume_bit_for_bit(shown):
    found = shown["half"]
    assert found["codes"] == [0] * 8
    assert found["fsdp"] <= 0.02
    assert found["same"]


def test_a_process_that_hangs_is_taken_for_lost(shown):
    found = shown["hang"]
    assert found["survivor"] == 3
    assert "another process was lost" in found["said"][0]
    assert found["seconds"] < 2 + 5
    assert found["resumed"] == [0, 0]
    assert found["same"]


def test_the_main_process_alone_speaks_and_writes(shown):
    assert shown["agreement"]["silent"] == ""
    assert shown["agreement"]["lines"] == 10


def test_a_signal_to_one_process_ends_all_at_one_step_saved(shown):
    for name, code in (("ddp", 143), ("fsdp", 130)):
        found = shown["resumption"][name]
        assert found["codes"] == [code, code]
        assert "stopped after step" in found["said"][0]


def test_a_stopped_run_resumes_bit_for_bit_on_as_many_processes(shown):
    found = shown["resumption"]["ddp"]
    assert found["resumed"] == [0, 0], found["resumed_said"]
    assert found["same"]


def test_shards_of_two_processes_go_on_in_one(shown):
    found = shown["resumption"]["fsdp"]
    assert found["resumed"] == [0], found["resumed_said"]
    assert found["difference"] <= 1e-5


def test_a_third_partys_shares_resume_bit_for_bit(shown):
    if importlib.util.find_spec("accelerate") is None:
        pytest.skip("accelerate is not installed")
    found = shown["resumption"]["by_accelerate"]
    assert found["resumed"] == [0, 0], found["resumed_said"]
    assert found["same"]


def test_a_killed_process_ends_the_other_and_the_run_resumes_bit_for_bit(shown):
    for found in shown["kills"]:
        assert found["killed"] == -9
        assert found["survivor"] == 3
        assert "another process was lost" in found["said"][0]
        assert found["seconds"] < 10
        assert found["resumed"] == [0, 0]
        assert found["same"]


def test_a_mistake_is_said_once(shown):
    (code, said), (other, nothing) = shown["failures"]["none"]
    assert (code, other) == (2, 2)
    assert "engine.use: 'single', and there are 2 processes" in said
    assert nothing == ""
    assert [code for code, _ in shown["failures"]["typo"]] == [2, 2]
    assert shown["failures"]["typo"][1][1] == ""


def test_a_process_that_fails_shows_its_own_traceback(shown):
    (main_code, main_said), (code, said) = shown["failures"]["raises"]
    assert code == 1
    assert said.rstrip().endswith("ZeroDivisionError: of process 1")
    assert main_code == 3
    assert "another process was lost" in main_said


def test_a_parameter_that_the_loss_does_not_reach_changes_nothing(shown):
    assert shown["gradients"]["idle"]["difference"] <= 1e-6


def test_fsdp_gathers_blocks_when_they_are_evaluated_or_all_once(shown):
    """The root once, the one block at each evaluation and again in the backward."""
    losses = ("tangent", "sdei", "mean_flow")
    found = {loss: shown["gradients"][loss]["gathers"] for loss in losses}
    assert found == {"tangent": 3, "sdei": 4, "mean_flow": 1}, (
        "an exact derivative takes the whole"
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_one_gradient_on_all_processes(shown, loss):
    found = shown["gradients"][loss]
    assert found["same"]
    assert found["to_one"] <= 1e-5
    assert found["fsdp"] <= 1e-5
    assert found["all_reduces"] == [1, 1], "one all-reduce of the gradient a step"
    assert found["around_the_hooks"] > 1e-3, "the loss beside the wrapped module must differ"
