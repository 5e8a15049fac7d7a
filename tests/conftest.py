"""What every test shares: one torch thread, the repository, the command line in-process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parents[1]

# What this user trusts is not for tests to change.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="secantfw-state-")

pytest_plugins = ["blocked_plugins"]  # the suite without one of the first-party plug-ins


@pytest.fixture
def experiments() -> Path:
    """The folder of experiment files."""
    return ROOT / "experiments"


@pytest.fixture
def secantfw(capfd):
    """Run a command in this process: `secantfw("run", file).code`, `.out`, `.err`."""
    from types import SimpleNamespace

    from secantfw.cli.main import main

    def call(*arguments: object):
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stop:  # argparse
            code = stop.code
        said = capfd.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return call
