"""What the tests of baselines share."""

import pytest
from small_baselines import TOML
from training import small_experiment


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current directory, with the experiment in it."""
    monkeypatch.chdir(tmp_path)
    small_experiment.write(tmp_path, TOML)
    return tmp_path
