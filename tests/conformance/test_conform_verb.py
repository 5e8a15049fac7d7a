"""`secantfw conform`: a table or JSON, exit code 1 where a check fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secantfw.cli.main import main


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A copy under another name: a module that is loaded twice has two classes of each name."""
    text = (Path(__file__).parent / "local_huber.py").read_text()
    file = tmp_path_factory.mktemp("local") / "verb_huber.py"
    file.write_text(text.replace("local_huber", "verb_huber"))
    return str(file)


def _rows(capsys, *arguments):
    code = main(["conform", *arguments, "--json"])
    return code, {r["check"]: r for r in json.loads(capsys.readouterr().out)}


def test_a_component_that_conforms(capsys):
    assert main(["conform", "solver:basics:heun"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert all(line.startswith("solver:basics:heun  ") for line in lines)
    assert last == f"{len(lines) - 1} ok, 1 skipped"


@pytest.mark.plugin("parallel")
def test_a_plugin_is_all_its_components(capsys):
    assert main(["conform", "parallel", "--json"]) == 0
    found = {r["component"] for r in json.loads(capsys.readouterr().out)}
    assert found == {f"engine:parallel:{name}" for name in ("single", "ddp", "fsdp")}


def test_a_failed_check_is_exit_code_1_with_the_reason(capsys, local):
    code, rows = _rows(capsys, "loss:silent", "--local", local)
    assert code == 1
    failed = [r for r in rows.values() if r["outcome"] == "failed"]
    assert [r["check"] for r in failed] == ["check_fixed_point"]
    assert failed[0]["reason"].startswith("mean gradient at the exact secant: |z| = ")


def test_a_failure_declared_at_registration_is_expected(capsys, local):
    code, rows = _rows(capsys, "loss:declared", "--local", local)
    assert code == 0
    assert rows["check_fixed_point"]["outcome"] == "expected"
    assert rows["check_fixed_point"]["reason"] == "a Huber norm has another fixed point"


def test_a_declared_failure_that_holds_is_a_failure(capsys, local):
    code, rows = _rows(capsys, "loss:wide", "--local", local)
    assert code == 1
    assert rows["check_fixed_point"]["reason"] == "was expected to fail, and holds"


def test_a_name_that_is_nothing_is_one_line(capsys):
    assert main(["conform", "nothing"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_reason_is_said_once(capsys, monkeypatch):
    from secantfw.testing.running import CheckResult

    results = [CheckResult("loss:a:b", f"check_{n}", "failed", "KeyError: x") for n in range(3)]
    monkeypatch.setattr("secantfw.testing.running.conform_component", lambda *_: results)
    assert main(["conform", "solver:basics:heun"]) == 1
    *lines, _ = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["KeyError: x", "the same", "the same"]
