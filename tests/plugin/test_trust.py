"""Code that a run brings: asked for once, by its content; one's own is known."""

from __future__ import annotations

import os
import sys

import pytest

from secantfw.discovery.local import load_local
from secantfw.discovery.trust import check_trusted, run_around, trust_own
from secantfw.errors import UserError
from secantfw.load_plugins import load_plugins

CODE = b"x = 1\n"
PLUGIN = """
import secantfw
@secantfw.hookimpl
def secantfw_components(register): ...
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "run" / "experiment").mkdir(parents=True)
    (tmp_path / "run" / "resolved.toml").touch()
    return tmp_path / "run"


def test_it_is_refused_where_nobody_can_be_asked(run):
    with pytest.raises(UserError, match="say --trust"):
        check_trusted(run / "x.py", CODE, run, always=False)


def test_trust_is_of_a_content(run):
    check_trusted(run / "x.py", CODE, run, always=True)
    check_trusted(run / "moved.py", CODE, run, always=False)
    with pytest.raises(UserError, match="say --trust"):
        check_trusted(run / "x.py", CODE + b"#", run, always=False)


@pytest.mark.parametrize(("answer", "runs"), [("y\n", True), ("n\n", False), ("", False)])
def test_who_is_there_is_asked(run, monkeypatch, capsys, answer, runs):
    monkeypatch.setattr("secantfw.discovery.trust._someone_is_there", lambda: True)
    monkeypatch.setattr(sys, "stdin", type("In", (), {"readline": lambda self, n: answer})())
    if runs:
        check_trusted(run / "x.py", CODE, run, always=False)
    else:
        with pytest.raises(UserError, match="not run"):
            check_trusted(run / "x.py", CODE, run, always=False)
    assert "Run it? [y/N]" in capsys.readouterr().err


def test_a_plug_in_of_ones_own_may_be_edited_and_a_runs_copy_may_not(run):
    own, copied = run.parent / "own.py", run / "experiment" / "own.py"
    for file in (own, copied):
        trust_own(file, CODE)
    check_trusted(own, CODE + b"#", run, always=False)
    with pytest.raises(UserError, match="not made here"):
        check_trusted(copied, CODE + b"#", run, always=False)


def test_a_path_that_has_become_a_runs_is_no_longer_ones_own(run, tmp_path):
    file = tmp_path / "folder" / "own.py"
    file.parent.mkdir()
    trust_own(file, CODE)
    (file.parent / "resolved.toml").touch()
    check_trusted(file, CODE, file.parent, always=False)
    with pytest.raises(UserError, match="not made here"):
        check_trusted(file, CODE + b"#", file.parent, always=False)


def test_without_a_home_nothing_is_known_and_nothing_fails(run, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "below"))
    check_trusted(run / "x.py", CODE, run, always=True)
    with pytest.raises(UserError, match="say --trust"):
        check_trusted(run / "x.py", CODE, run, always=False)


def test_a_run_is_found_around_a_file_by_either_name(run, tmp_path):
    (tmp_path / "link").symlink_to(run / "experiment")
    assert run_around(tmp_path / "link" / "x.py") == run
    assert run_around(tmp_path / "x.py") is None


def test_compiled_code_beside_a_plug_in_is_not_executed(run, monkeypatch):
    """A `.pyc` with the date and size of the source would be taken for it by Python's loader."""
    import importlib.util
    import py_compile

    file = run / "cached_plugin.py"
    file.write_text("raise SystemError  #" + " " * (len(PLUGIN) - 20))
    cached = importlib.util.cache_from_source(str(file))
    status = os.stat(file)
    py_compile.compile(str(file), cached)
    file.write_text(PLUGIN)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert os.stat(file).st_size == status.st_size
    plugins = load_plugins(only=[])
    monkeypatch.delitem(sys.modules, "cached_plugin", raising=False)
    load_local(plugins, file)
    assert plugins.loaded[-1].code == PLUGIN.encode()
