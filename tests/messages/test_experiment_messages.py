"""Every kind of bad experiment: exit code 2 and these lines on stderr, nothing else.

`bad/NAME.toml` is the experiment (a first line `# arguments:` gives the command line), and
messages.toml says what the user reads (expected.py).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from expected import cases, check
from generated import MAKERS
from test_build_messages import CASES
from toy import ASSETS, toy_plugins

import secantfw.cli.main

HERE = Path(__file__).parent
KEPT = sorted(path.stem for path in (HERE / "bad").glob("*.toml"))
ARGUMENTS = "# arguments:"
ERROR = "secantfw: error: "


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the bad experiments, as the current folder."""
    shutil.copytree(HERE / "bad", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(secantfw.cli.main, "load_plugins", lambda **_: toy_plugins())
    return tmp_path


def arguments_of(name):
    file = Path(f"{name}.toml")
    first = file.read_text().splitlines()[0] if name in KEPT else ""
    overrides = first.removeprefix(ARGUMENTS).split() if first.startswith(ARGUMENTS) else []
    return [str(file), *overrides]


def normalised(text, folder):
    return text.replace(str(folder), "FOLDER").replace(str(ASSETS), "ASSETS")


@pytest.mark.parametrize("name", [*KEPT, *MAKERS])
def test_a_bad_experiment_ends_in_these_lines(name, folder, capsys):
    if name in MAKERS:
        MAKERS[name](folder / f"{name}.toml")
    before = sorted(folder.rglob("*"))
    code = secantfw.cli.main.main(["show", *arguments_of(name)])
    said = capsys.readouterr()
    lines = normalised(said.err, folder).splitlines(keepends=True)
    assert all(line.startswith(ERROR) for line in lines)
    check(name, "".join(line.removeprefix(ERROR) for line in lines))
    assert code == 2
    assert said.out == ""
    assert [p for p in sorted(folder.rglob("*")) if "__pycache__" not in p.parts] == before


@pytest.mark.parametrize("name", [*KEPT, *MAKERS])
def test_check_prints_the_same_problems_on_stdout(name, folder, capsys):
    if name in MAKERS:
        MAKERS[name](folder / f"{name}.toml")
    secantfw.cli.main.main(["show", *arguments_of(name)])
    shown = capsys.readouterr().err
    assert secantfw.cli.main.main(["check", "--no-build", *arguments_of(name)]) == 2
    said = capsys.readouterr()
    assert said.out == shown.replace(ERROR, "")
    assert said.err == ""


def test_no_expected_line_is_without_its_experiment():
    assert cases() == {*KEPT, *MAKERS, *CASES}


@pytest.mark.parametrize("name", ["not_toml", "ten_megabytes", "misspelt_option"])
@pytest.mark.parametrize("verb", ["show", "check"])
def test_a_whole_process_shows_no_traceback_and_loads_no_torch(name, verb, folder):
    if name in MAKERS:
        MAKERS[name](folder / f"{name}.toml")
    program = (
        "import sys, secantfw.cli.main as m; code = m.main(sys.argv[1:]);"
        "print('torch' in sys.modules, file=sys.stderr); sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, verb, f"{name}.toml"], capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert f"{name}.toml" in ended.stdout + ended.stderr
    assert ended.stderr.endswith("False\n")
    assert not (folder / "runs").exists()
