"""Plug-ins made of a text, installed for one test: a module and its dist-info on the path."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fake_distribution import write_distribution


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(name, source)`: seen by this process until the test ends."""
    made = []

    def one(name: str, source: str) -> Path:
        folder = tmp_path / f"site_of_{name}"
        write_distribution(folder, name, source)
        monkeypatch.syspath_prepend(str(folder))
        if "SECANTFW_PLUGINS" in os.environ:  # the suite without one of the first-party plug-ins
            monkeypatch.setenv("SECANTFW_PLUGINS", f"{os.environ['SECANTFW_PLUGINS']},{name}")
        made.append(f"{name}_plugin")
        return folder

    yield one
    for module in made:
        sys.modules.pop(module, None)


@pytest.fixture
def tiny(tmp_path) -> Path:
    """An experiment of two logged steps."""
    file = tmp_path / "tiny.toml"
    file.write_text(
        "schema = 1\n"
        '[dataset]\nuse = "gaussian_mixture"\n[teacher]\nuse = "gaussian_mixture"\n'
        '[backbone]\nuse = "mlp"\nwidth = 16\ndepth = 1\n'
        '[loss]\nuse = "sdei"\n[time_sampler]\nuse = "segments"\n'
        "[train]\nsteps = 2\nbatch_size = 8\nlog_every_steps = 1\n[evaluate]\nsamples = 0\n"
    )
    return file
