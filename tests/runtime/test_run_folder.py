"""Reading and writing where links, FIFOs and strangers' files may lie."""

from __future__ import annotations

import os

import pytest

from secantfw.errors import UserError
from secantfw.runtime.find_runs import runs_below
from secantfw.runtime.regular_file import NotRegular, open_regular
from secantfw.runtime.run_folder import RunFolder
from secantfw.runtime.writing import remove, remove_abandoned, replacing


@pytest.fixture
def outside(tmp_path):
    file = tmp_path / "outside"
    file.write_text("precious")
    return file


def test_a_link_a_fifo_and_a_folder_are_no_file(tmp_path, outside):
    (tmp_path / "link").symlink_to(outside)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("link", "fifo", "folder"):
        with pytest.raises(NotRegular, match=f"(?i){name}: a {name}"):
            open_regular(tmp_path / name)
        with pytest.raises(UserError):
            RunFolder(tmp_path).read(name)


def test_no_folder_on_the_way_is_a_link(tmp_path, outside):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "samples").symlink_to(tmp_path)
    with pytest.raises(UserError, match="samples: a link"):
        RunFolder(tmp_path / "run").read("samples/outside")
    with pytest.raises(UserError, match="samples: a link, expected a folder"):
        RunFolder(tmp_path / "run").check()


def test_a_run_that_is_a_link_is_read(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "plan.json").write_text('{"title": "x"}')
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    RunFolder(tmp_path / "run").check()
    assert RunFolder(tmp_path / "run").json("plan.json") == {"title": "x"}


def test_a_file_is_replaced_whole_and_a_link_itself(tmp_path, outside):
    (tmp_path / "report").symlink_to(outside)
    with replacing(tmp_path / "report") as temporary:
        temporary.write_text("new")
    assert outside.read_text() == "precious"
    assert (tmp_path / "report").read_text() == "new"
    with pytest.raises(OSError, match="full"):
        _half_written(tmp_path / "report")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outside", "report"]


def _half_written(file):
    with replacing(file) as temporary:
        temporary.write_text("half")
        raise OSError("full")


def test_removing_a_link_leaves_what_it_leads_to(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    remove(tmp_path / "link")
    assert (tmp_path / "folder").is_dir()


def test_only_temporary_files_of_dead_processes_are_swept_up(tmp_path):
    names = {
        f".a.tmp-{os.getpid()}-01234567": True, ".a.tmp-999999999-01234567": False,
        ".a.tmp-999999999": True, "a.tmp-999999999-01234567": True,
    }  # fmt: skip
    for name in names:
        (tmp_path / name).touch()
    remove_abandoned(tmp_path)
    assert {name: (tmp_path / name).exists() for name in names} == names


def test_a_long_line_is_left_out_of_a_log(tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(b"1\n" + b"x" * (3 << 20) + b"\n2\n3")
    assert list(RunFolder(tmp_path).lines("metrics.jsonl")) == [b"1\n", b"2\n", b"3"]


def test_the_search_for_runs_enters_none_and_has_an_end(tmp_path):
    for place in ("a/b", "a/b/checkpoints/c", "d"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "resolved.toml").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert sorted(runs_below(tmp_path)) == [tmp_path / "a" / "b", tmp_path / "d"]
    with pytest.raises(UserError, match="names to look through"):
        list(runs_below(tmp_path, most_entries=3))
