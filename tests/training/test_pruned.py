"""A checkpoint that is pruned while it is read: the next one is read in its stead."""

from __future__ import annotations

import pytest

from secantfw.errors import UserError
from secantfw.runtime import checkpoint_folder
from secantfw.runtime.checkpoint_folder import newest_valid, read_newest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Checkpoints that are valid as long as they are there."""
    monkeypatch.setattr(checkpoint_folder, "damage", lambda c: None if c.is_dir() else "gone")
    (tmp_path / "step-000001").mkdir()
    return tmp_path


def test_the_next_one_is_read(folder):
    def read(checkpoint):
        if checkpoint.name == "step-000001":
            (folder / "step-000002").mkdir()
            checkpoint.rmdir()
            raise UserError("damaged weights file")
        return checkpoint.name

    assert read_newest(folder, read) == ("step-000002", folder / "step-000002", [])


def test_one_that_is_there_and_cannot_be_read_is_said(folder):
    def read(checkpoint):
        raise UserError("of another network")

    with pytest.raises(UserError, match="of another network"):
        read_newest(folder, read)


def test_one_that_goes_while_its_hashes_are_taken_is_no_damage(folder, monkeypatch):
    def damage(checkpoint):
        if checkpoint.name == "step-000001":
            (folder / "step-000002").mkdir()
            checkpoint.rmdir()
            return "damaged"
        return None

    monkeypatch.setattr(checkpoint_folder, "damage", damage)
    assert newest_valid(folder) == (folder / "step-000002", [])
