"""The verbs `show` and `diff`, on the toy plug-in."""

from __future__ import annotations

import pytest
from toy import toy_plugins

import secantfw.cli.main


@pytest.fixture
def say(monkeypatch, capsys):
    monkeypatch.setattr(secantfw.cli.main, "load_plugins", lambda **_: toy_plugins())

    def run(*arguments):
        assert secantfw.cli.main.main([str(a) for a in arguments]) == 0
        return capsys.readouterr().out

    return run


def test_diff_prints_changed_keys_only(good, write, say):
    child = write("child.toml", 'extends = "good.toml"\n[train]\nsteps = 20\nclip_norm = 1\n')
    assert say("diff", good, child).splitlines() == [
        "train.steps: 10 -> 20",
        "train.clip_norm: (not set) -> 1.0",
    ]
    assert say("diff", good, good) == ""


def test_diff_takes_run_directories(good, write, say, tmp_path):
    write("run/resolved.toml", say("show", good, "loss.tangent=self"))
    out = say("diff", tmp_path / "run", good)
    assert out == 'loss.tangent: "self" -> "teacher"\n'


def test_show_prints_a_file_that_can_be_shown_again(good, write, say):
    text = say("show", good)
    assert say("show", write("again.toml", text)) == text
    assert "# good.toml:28" in say("show", good, "--origins")


def test_check_names_the_components(good, say):
    assert "OK: toy:net on toy:digits by toy:sdei" in say("check", "--no-build", good)
