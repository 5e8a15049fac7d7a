"""Numbers and pictures become visible by one rename, whenever the process is killed."""

from __future__ import annotations

import contextlib
import os

import pytest

from secantfw.evaluation.kept_rows import KeptRows
from secantfw.evaluation.measured_row import Row
from secantfw.evaluation.publish import numbers_folder, pictures_folder, publish, settle

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "a.png").write_text("old")
    (tmp_path / "evaluation.json").write_text("old")
    return tmp_path


def prepared(run):
    kept = KeptRows(run, KEY)
    (kept.samples / "a.png").write_text("new")
    (kept.folder / "evaluation.json").write_text("new")
    return kept.folder


def shown(run):
    return (
        (numbers_folder(run) / "evaluation.json").read_text(),
        (pictures_folder(run) / "a.png").read_text(),
    )


@pytest.mark.parametrize("at", range(8))
def test_a_kill_at_any_rename_shows_one_evaluation(run, monkeypatch, at):
    folder, done = prepared(run), []

    def counted(call):
        def counting(*given, **named):
            if len(done) == at:
                raise Killed
            done.append(given)
            return call(*given, **named)

        return counting

    for name in ("rename", "replace", "rmdir"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    with contextlib.suppress(Killed):
        publish(run, folder)
    monkeypatch.undo()
    before = shown(run)
    assert before in (("old", "old"), ("new", "new"))
    settle(run)
    assert shown(run) == before
    assert before[0] == (run / "evaluation.json").read_text()


def test_a_row_without_its_picture_is_drawn_again(run):
    kept = KeptRows(run, KEY)
    (kept.samples / "a.png").write_text("new")
    row = Row("student", "secant", 1, 1, {"fd": 0.5})
    kept.put("row", row, ["a.png"])
    assert kept.get("row") == row
    (kept.samples / "a.png").unlink()
    assert kept.get("row") is None


def test_only_evaluations_are_thrown_away(run):
    for name in (OTHER, "mine", "0123"):
        (run / ".evaluation" / name).mkdir(parents=True)
    (run / ".evaluation" / "file").touch()
    KeptRows(run, KEY)
    assert sorted(p.name for p in (run / ".evaluation").iterdir()) == [
        "0123", KEY, "file", "mine",
    ]  # fmt: skip


def test_a_link_in_the_way_is_refused(run, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (run / ".evaluation").symlink_to(outside)
    with pytest.raises(Exception, match="a link, expected a folder"):
        KeptRows(run, KEY)
    assert not list(outside.iterdir())
