"""The TensorBoard plug-in: the same numbers as metrics.jsonl, only where it is asked for."""

from __future__ import annotations

import json
import sys

import pytest

pytestmark = pytest.mark.plugin("basics", "data", "picard", "tensorboard")


def events_of(directory):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = accumulator.EventAccumulator(str(directory / "tensorboard"))
    found.Reload()
    return found


def test_it_logs_what_metrics_jsonl_holds(tiny_run, logged, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setenv("SECANTFW_TENSORBOARD", "1")
    directory = tiny_run()
    events, lines = events_of(directory), logged(directory)
    for name in ("loss", "grad_norm", "learning_rate"):
        curve = events.Scalars(f"train/{name}")
        assert [e.step for e in curve] == [2, 4, 6]
        assert [e.value for e in curve] == pytest.approx([line[name] for line in lines])
    assert {"experiment/text_summary", "outcome/text_summary"} <= set(events.Tags()["tensors"])


@pytest.mark.parametrize("value", [None, "", "0"])
def test_nothing_is_written_unless_it_is_asked_for(tiny_run, monkeypatch, value):
    monkeypatch.delenv("SECANTFW_TENSORBOARD", raising=False)
    if value is not None:
        monkeypatch.setenv("SECANTFW_TENSORBOARD", value)
    assert not (tiny_run() / "tensorboard").exists()


def test_without_tensorboard_the_run_goes_on_and_its_outcome_says_so(tiny_run, monkeypatch):
    monkeypatch.setenv("SECANTFW_TENSORBOARD", "1")
    for name in [m for m in sys.modules if m.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    outcome = json.loads((tiny_run() / "outcome.json").read_text())
    assert outcome["status"] == "finished"
    (said,) = outcome["detached"]
    assert "tensorboard: secantfw_run_started: RuntimeError" in said
    assert "pip install 'secantfw[tensorboard]'" in said
