"""Every kind of bad experiment: exit code 2 and these exact lines on stderr, nothing else.

`bad/NAME.toml` is the experiment (a first line `# arguments:` gives the command line) and
`expected/NAME.txt` what the user reads. `SECANTFW_GOLDEN=1 pytest tests/messages` writes the
latter anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from generated import MAKERS
from toy import ASSETS, toy_plugins

import secantfw.cli.main

HERE = Path(__file__).parent
KEPT = sorted(path.stem for path in (HERE / "bad").glob("*.toml"))
ARGUMENTS = "# arguments:"


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
    golden = HERE / "expected" / f"{name}.txt"
    if os.environ.get("SECANTFW_GOLDEN"):
        golden.write_text(normalised(said.err, folder))
    assert normalised(said.err, folder) == golden.read_text()
    assert code == 2
    assert said.out == ""
    assert [p for p in sorted(folder.rglob("*")) if "__pycache__" not in p.parts] == before


@pytest.mark.parametrize("name", [*KEPT, *MAKERS])
def test_check_prints_the_same_problems_on_stdout(name, folder, capsys):
    if name in MAKERS:
        MAKERS[name](folder / f"{name}.toml")
    assert secantfw.cli.main.main(["check", "--no-build", *arguments_of(name)]) == 2
    said = capsys.readouterr()
    golden = (HERE / "expected" / f"{name}.txt").read_text()
    assert normalised(said.out, folder) == golden.replace("secantfw: error: ", "")
    assert said.err == ""


def test_no_expected_text_is_without_its_experiment():
    expected = {path.stem for path in (HERE / "expected").glob("*.txt")}
    assert expected == {*KEPT, *MAKERS}


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
