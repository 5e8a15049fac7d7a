"""A good experiment, and what loads it with the toy plug-in."""

from __future__ import annotations

import pytest
from toy import GOOD, toy_plugins

from secantfw.experiment import load


@pytest.fixture
def good(tmp_path):
    file = tmp_path / "good.toml"
    file.write_text(GOOD)
    return file


@pytest.fixture
def write(tmp_path):
    def write_file(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return write_file


@pytest.fixture
def loaded():
    def load_toy(file, *overrides):
        return load(file, overrides, toy_plugins())

    return load_toy
