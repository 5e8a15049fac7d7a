"""What `secantfw new plugin` writes installs, passes its own tests as written, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from secantfw.cli.main import main
from secantfw.discovery.scaffold import KINDS

_STEPS = "train.steps=5"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A plug-in of every kind, as written; installed into a folder of its own, all in one go."""
    folder = tmp_path_factory.mktemp("scaffold")
    for kind in KINDS:
        assert main(["new", "plugin", f"my_{kind}", "--kind", kind, "--out", str(folder)]) == 0
    distributions = sorted(map(str, folder.iterdir()))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    options = ["--no-build-isolation", "--disable-pip-version-check", "--target"]
    subprocess.run([*pip, *options, str(folder / "site"), *distributions], check=True)
    return folder


def _run(folder, *arguments):
    """In a process that sees the installed plug-ins, on one thread."""
    path = os.pathsep.join([str(folder / "site"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip


def test_it_passes_its_own_tests_as_written(written):
    done = _run(written, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--rootdir", ".",
                *(str(f) for f in sorted(written.glob("secantfw-*/tests"))))  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "no tests" not in done.stdout


def test_its_experiment_runs_by_the_name_of_the_plugin(written):
    commands = [["run", f"my_{kind}/my_{kind}.toml", _STEPS] for kind in KINDS]
    code = (
        "import json, sys; from secantfw.cli.main import main; "
        "print([main(c) for c in json.loads(sys.argv[1])])"
    )
    done = _run(written, "-c", code, json.dumps(commands))
    assert done.stdout.splitlines()[-1] == str([0] * len(KINDS)), done.stderr[-2000:]
    assert len(list(written.glob("runs/*/*/outcome.json"))) == len(KINDS)


def test_it_is_listed_and_described_without_torch(written):
    code = (
        "import sys; from secantfw.cli.main import main; "
        "codes = [main([*v.split()]) for v in sys.argv[1:]]; "
        "assert 'torch' not in sys.modules; sys.exit(max(codes))"
    )
    verbs = ["plugins", *(f"describe {kind}:my_{kind}" for kind in KINDS)]
    done = _run(written, "-c", code, *verbs)
    assert done.returncode == 0, done.stderr
    assert all(f"my_{kind}:my_{kind}" in done.stdout for kind in KINDS)


@pytest.mark.parametrize("name", ["My_Loss", "2fast", "my-loss", "class", "", "ü"])
def test_a_name_that_is_no_identifier_is_refused_in_one_line(name, tmp_path, capsys):
    code = main(["new", "plugin", name, "--kind", "loss", "--out", str(tmp_path)])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "cannot be its name" in said.err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_left_alone(tmp_path, capsys):
    (tmp_path / "secantfw-mine").mkdir()
    code = main(["new", "plugin", "mine", "--kind", "solver", "--out", str(tmp_path)])
    said = capsys.readouterr()
    assert code == 2
    assert "exists already" in said.err
    assert not list((tmp_path / "secantfw-mine").iterdir())


def test_an_unwritable_folder_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code = main(["new", "plugin", "mine", "--kind", "solver", "--out", str(tmp_path / "file")])
    said = capsys.readouterr()
    assert code == 2
    assert "cannot be written" in said.err
    assert said.err.count("\n") == 1


def test_templates_leave_no_placeholder(written):
    for file in written.glob("secantfw-*/**/*"):
        if file.is_file() and file.suffix in (".py", ".toml", ".md"):
            assert "{{" not in file.read_text(), file
