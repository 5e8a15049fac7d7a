"""Which plug-ins are loaded, and what is said of those that are not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from fake_distribution import write_distribution

from secantfw.errors import UserError
from secantfw.load_plugins import load_plugins

EMPTY = "import secantfw\n\n\n@secantfw.hookimpl\ndef secantfw_components(register):\n    pass\n"


def names(plugins) -> set[str]:
    return {plugin.name for plugin in plugins.loaded}


def test_only_without_and_the_environment_choose(install, monkeypatch):
    monkeypatch.delenv("SECANTFW_PLUGINS", raising=False)
    install("aaa", EMPTY)
    install("zzz", EMPTY)
    assert {"aaa", "zzz"} <= names(load_plugins())
    assert names(load_plugins(only=["aaa"])) == {"aaa"}
    assert "aaa" not in names(load_plugins(without=["aaa"]))
    monkeypatch.setenv("SECANTFW_PLUGINS", "aaa, zzz")
    assert names(load_plugins()) == {"aaa", "zzz"}
    assert names(load_plugins(without=["zzz"])) == {"aaa"}
    assert names(load_plugins(only=["zzz"])) == {"zzz"}


@pytest.mark.parametrize("how", ["only", "without"])
def test_a_misspelt_name_is_an_error_with_a_hint(install, how):
    install("abacus", EMPTY)
    with pytest.raises(UserError, match=r"no plug-in named 'abacuss'.*did you mean 'abacus'"):
        load_plugins(**{how: ["abacuss"]})


def test_a_plug_in_left_out_is_shown_as_such_and_never_imported(install, secantfw):
    install("aaa", "raise AssertionError('imported')\n")
    rows = json.loads(secantfw("plugins", "--json", "--no-plugin", "aaa").out)
    (row,) = [row for row in rows if row["name"] == "aaa"]
    assert row["status"] == "blocked"
    said = secantfw("describe", "loss:aaa:x", "--no-plugin", "aaa")
    assert "left out by name: aaa" in said.err


def test_two_plug_ins_of_one_name_are_told_by_their_distributions(install, tmp_path, monkeypatch):
    install("aaa", EMPTY)
    other = tmp_path / "other"
    write_distribution(other, "bbb", EMPTY)
    (other / "bbb_dist-1.0.dist-info" / "entry_points.txt").write_text(
        "[secantfw]\naaa = bbb_plugin\n"
    )
    monkeypatch.syspath_prepend(str(other))
    plugins = load_plugins(only=["aaa"])
    (failure,) = plugins.failures
    assert (failure.name, failure.stage, failure.distribution) == ("aaa", "name", "bbb-dist 1.0")
    assert "aaa-dist 1.0 has a plug-in of this name already" in failure.cause
    assert "aaa" in names(plugins)


def test_two_plug_ins_of_one_module_are_one(install):
    folder = install("aaa", EMPTY)
    file = folder / "aaa_dist-1.0.dist-info" / "entry_points.txt"
    file.write_text("[secantfw]\naaa = aaa_plugin\naab = aaa_plugin\n")
    plugins = load_plugins(only=["aaa", "aab"])
    (failure,) = plugins.failures
    assert "is plug-in 'aaa' already" in failure.cause
    assert "aaa" in names(plugins)
    assert plugins.manager.has_plugin("aaa")


def cli_in(folder, *start):
    done = subprocess.run(
        [sys.executable, *start, "plugins", "--json"],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return {row["name"] for row in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "start",
    [
        ("-m", "secantfw.cli.main"),
        ("-c", "import sys; from secantfw.cli.main import main; sys.exit(main())"),
    ],
)
def test_the_working_directory_is_no_place_for_plug_ins(tmp_path, start, monkeypatch):
    write_distribution(tmp_path, "stray", "raise AssertionError('ran')\n")
    monkeypatch.delenv("SECANTFW_PLUGINS", raising=False)
    found = cli_in(tmp_path, *start)
    assert "basics" in found
    assert "stray" not in found
    named = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", named)  # named, it is meant
    assert "stray" in cli_in(tmp_path, *start)


def test_the_trace_names_import_and_hooks(install, secantfw, monkeypatch):
    install("aaa", EMPTY)
    monkeypatch.setenv("SECANTFW_TRACE_PLUGINS", "1")
    said = secantfw("components", "--plugins", "aaa")
    lines = [line for line in said.err.splitlines() if line.startswith("secantfw: trace: ")]
    assert len(lines) == 2
    assert all(line.endswith(" ms") for line in lines)


def test_a_slow_plug_in_is_named_with_its_seconds(install, secantfw):
    install("aaa", "import time\ntime.sleep(1.1)\n" + EMPTY)
    said = secantfw("components", "--plugins", "aaa")
    assert re.search(r"plug-in 'aaa' \(aaa-dist 1.0\) takes [1-9]\.\d s to load", said.err)
    rows = json.loads(secantfw("plugins", "--json", "--plugins", "aaa").out)
    assert rows[0]["milliseconds"] < 1000  # imported already, so that nothing is slow any more
