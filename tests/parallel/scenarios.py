"""What one launch shows: `python scenarios.py FOLDER`, with tests/ on the path.

It writes FOLDER/shown.json; torch.distributed is imported before the forks, once (see shown.py). A
scenario takes a second or two. `--kills N` adds N runs with a process killed at random.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from forks import run
from gradients import gradients_of_every_loss
from scenarios_of_ends import failures, hang, kills, resumption
from shown import STEPS, TESTS, Shown, codes

#: Of a transformer whose blocks can be computed again in the backward.
SIT = """
schema = 1
[dataset]
use = "fashion16"
[backbone]
use = "sit"
patch = 4
width = 32
depth = 3
heads = 2
[loss]
use = "stee"
[time_sampler]
use = "segments"
segments = 2
direction = "both"
[train]
steps = 6
batch_size = 8
[evaluate]
samples = 0
"""


def agreement(shown: Shown) -> dict[str, Any]:
    """One process, two, two again, two pieces, every engine, uneven shares, compiled blocks."""
    fsdp, micro = 'engine.use="fsdp"', "train.micro_batch_size=32"
    blocks = ("train.compile=blocks", "train.compile_backend=eager")
    ended = {
        "one": shown.run("one", 1),
        "two": shown.run("two", 2),
        "again": shown.run("again", 2),
        "pieces": shown.run("pieces", 1, micro),
        "fsdp": shown.run("fsdp", 2, fsdp),
        "fsdp_whole": shown.run("fsdp_whole", 2, fsdp, "engine.shard=whole"),
        "fsdp_pieces": shown.run("fsdp_pieces", 2, fsdp, "train.micro_batch_size=16"),
        "compiled": shown.run("compiled", 2, *blocks),
        "three": shown.run("three", 3, "train.micro_batch_size=16"),
    }
    for engine in shown.engines:
        words = (f'local_plugins=["{TESTS / "parallel" / engine}.py"]', f"engine.use={engine}")
        ended[engine] = shown.run(engine, 2, *words)
    apart = ("two", "pieces", "three", "fsdp", "fsdp_pieces", *shown.engines)
    return {
        "codes": {name: codes(e) for name, e in ended.items()},
        "apart": {name: shown.difference("one", name) for name in apart},
        "again": shown.same("two", "again"),
        "shards": shown.same("fsdp", "fsdp_whole"),
        "compiled": shown.same("two", "compiled"),
        "silent": ended["two"][1].said,
        "lines": len((shown.directory("two") / "metrics.jsonl").read_text().splitlines()),
    }


def recomputation(shown: Shown) -> dict[str, Any]:
    """A network that keeps no activations, under both strategies, beside one that does."""
    file, codes_ = shown.folder / "sit.toml", []
    file.write_text(SIT)
    for name, strategy, again in (
        ("kept", "ddp", "false"),
        ("recomputed", "ddp", "true"),
        ("recomputed-fsdp", "fsdp", "true"),
    ):
        words = [f"engine.use={strategy}", f"backbone.checkpoint_activations={again}"]
        call = shown.new(name, tuple(words), file)
        codes_ += codes(run(call, shown.folder / "logs" / name))
    return {
        "codes": codes_,
        "same": shown.same("kept", "recomputed"),
        "fsdp": shown.difference("kept", "recomputed-fsdp"),
    }


def half_precision(shown: Shown) -> dict[str, Any]:
    """fp16 on two processes: they take one scale, and shards take it up again."""
    fp16, fsdp = "train.precision=fp16", 'engine.use="fsdp"'
    ended = [*shown.run("half", 2, fp16), *shown.run("half-fsdp", 2, fp16, fsdp)]
    ended += shown.run("half-stopped", 2, fp16, fsdp, "train.save_every_steps=40")
    directory = shown.directory("half-stopped")
    (directory / "outcome.json").unlink()
    shutil.rmtree(directory / "checkpoints" / f"step-{STEPS:06d}")
    ended += shown.resume("half-stopped", 2)
    return {
        "codes": codes(ended),
        "fsdp": shown.difference("half", "half-fsdp"),
        "same": shown.same("half-fsdp", "half-stopped"),
    }


def scenarios(folder: Path, count: int, seed: int) -> dict[str, Any]:
    torch.set_num_threads(1)
    shown = Shown(folder)
    found: dict[str, Any] = {"agreement": agreement(shown)}
    found["recomputation"] = recomputation(shown)
    found["half"] = half_precision(shown)
    found["resumption"] = resumption(shown)
    found["hang"] = hang(shown)
    found["failures"] = failures(shown)
    found["kills"] = kills(shown, count, seed)
    found["gradients"] = gradients_of_every_loss(folder)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    shown = scenarios(asked.folder, asked.kills, asked.seed)
    (asked.folder / "shown.json").write_text(json.dumps(shown, indent=1))
    print(re.sub(r"\n\s+", " ", json.dumps(shown["kills"], indent=1)))
