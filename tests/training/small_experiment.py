"""A run of a second: a mixture in the plane, a small mlp."""

from __future__ import annotations

from pathlib import Path

TOML = """
schema = 1
title = "small"
seed = 3
[dataset]
use = "gaussian_mixture"
size = 500
held_out = 100
labels = true
[teacher]
use = "gaussian_mixture"
labels = true
[backbone]
use = "mlp"
width = 16
depth = 1
[guidance]
label_dropout = 0.2
[loss]
use = "sdei"
[time_sampler]
use = "segments"
segments = 2
[train]
steps = 12
batch_size = 64
learning_rate = 1e-3
warmup_steps = 3
schedule = "cosine"
clip_norm = 1.0
log_every_steps = 5
save_every_steps = 4
[ema]
decay = 0.9
[evaluate]
samples = 128
batch_size = 64
nfe = [1, 2]
reference_steps = 4
reference_tolerance = 0.0
[metrics]
use = ["trajectory"]
"""


def write(folder: Path, text: str = TOML) -> Path:
    file = folder / "small.toml"
    file.write_text(text)
    return file


def only_run(out: Path) -> Path:
    """The one run directory below `out`."""
    (found,) = out.glob("*/*/resolved.toml")
    return found.parent


def weights(run: Path) -> dict[str, bytes]:
    """The bytes of the newest checkpoint's files, and the metrics without their speed."""
    newest = sorted((run / "checkpoints").glob("step-*"))[-1]
    return {f.name: f.read_bytes() for f in newest.glob("*.safetensors")}
