"""A run of a few steps, in this process, as the command line makes it."""

from __future__ import annotations

import json

import pytest

TINY = """\
schema = 1
[dataset]
use = "gaussian_mixture"
[teacher]
use = "gaussian_mixture"
[backbone]
use = "mlp"
width = 16
depth = 1
[loss]
use = "sdei"
[time_sampler]
use = "segments"
[train]
steps = 6
batch_size = 8
log_every_steps = 2
[evaluate]
samples = 0
"""


@pytest.fixture
def tiny_run(tmp_path, secantfw):
    """Run it; returns the run directory."""

    def run(*arguments):
        file = tmp_path / "tiny.toml"
        file.write_text(TINY)
        said = secantfw("run", file, "--out", tmp_path / "runs", *arguments)
        assert said.code == 0, said.err
        return max((tmp_path / "runs" / "tiny").iterdir(), key=lambda d: d.stat().st_mtime)

    return run


@pytest.fixture
def logged():
    """The lines of a run's metrics.jsonl."""

    def read(directory):
        return [
            json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()
        ]

    return read
