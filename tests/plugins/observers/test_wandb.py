"""The Weights & Biases plug-in, in its offline mode: nothing leaves this machine."""

from __future__ import annotations

import json
import struct
import sys

import pytest

pytestmark = pytest.mark.plugin("basics", "data", "picard", "wandb")


def records_of(file):
    """What an offline run's file holds: a LevelDB log of protocol buffers, here of one block."""
    from wandb.proto import wandb_internal_pb2

    said, place, records = file.read_bytes(), len(b":W&B") + 3, []
    assert said.startswith(b":W&B")
    assert len(said) < 2**15, "records of several blocks are not read here"
    while place < len(said):
        _checksum, length, _whole = struct.unpack_from("<IHB", said, place)
        record = wandb_internal_pb2.Record()
        record.ParseFromString(said[place + 7 : place + 7 + length])
        records.append(record)
        place += 7 + length
    return records


def history_of(records):
    """The logged lines: name and value."""
    lines = []
    for record in records:
        if record.WhichOneof("record_type") == "history":
            items = record.history.item
            lines.append({i.key or i.nested_key[0]: json.loads(i.value_json) for i in items})
    return lines


def test_an_offline_run_holds_what_metrics_jsonl_holds(tiny_run, logged, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("SECANTFW_WANDB", "1")
    monkeypatch.setenv("WANDB_MODE", "offline")
    directory = tiny_run()
    outcome = json.loads((directory / "outcome.json").read_text())
    assert outcome["detached"] == []
    (file,) = directory.glob("wandb/offline-run-*/run-*.wandb")
    records = records_of(file)
    history, lines = history_of(records), logged(directory)
    assert [line["_step"] for line in history] == [2, 4, 6]
    for name in ("loss", "grad_norm"):
        assert [h[name] for h in history] == pytest.approx([line[name] for line in lines])
    (run,) = [r.run for r in records if r.WhichOneof("record_type") == "run"]
    assert run.project == "secantfw"
    assert "picard:sdei" in str(run.config)


def test_nothing_is_written_unless_it_is_asked_for(tiny_run, monkeypatch):
    monkeypatch.delenv("SECANTFW_WANDB", raising=False)
    assert not (tiny_run() / "wandb").exists()


def test_without_wandb_the_run_goes_on_and_its_outcome_says_so(tiny_run, monkeypatch):
    monkeypatch.setenv("SECANTFW_WANDB", "1")
    monkeypatch.setitem(sys.modules, "wandb", None)
    outcome = json.loads((tiny_run() / "outcome.json").read_text())
    assert outcome["status"] == "finished"
    assert "pip install 'secantfw[wandb]'" in outcome["detached"][0]
