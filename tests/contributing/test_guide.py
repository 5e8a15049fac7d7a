"""CONTRIBUTING is executed: its files are written, its commands and its Python are run.

The blocks of its section on hooks are run one by one in tests/plugin.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
_BLOCK = re.compile(r"^```(\w*)(?: file=(\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: What a reader types, as it is done in a test: nothing is installed into this environment.
_SHIMS = {
    "secantfw": '"{python}" -m secantfw.cli.main "$@"',
    "pytest": '"{python}" -m pytest -q -p no:cacheprovider "$@"',
    "pip": (
        'test "$1" = install && shift && "{python}" -m pip install -q --no-deps --no-index '
        '--no-build-isolation --disable-pip-version-check --target "{site}" "$@"'
    ),
}


@attrs.frozen
class Block:
    """A fenced block: its language, the file it is (if any), its text."""

    language: str
    file: str
    text: str


def blocks() -> list[Block]:
    own = GUIDE.read_text(encoding="utf-8").partition("\n## Hooks\n")[0]
    return [Block(*found) for found in _BLOCK.findall(own)]


class Reader:
    """Follows the guide in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, site, bin_ = folder, folder / "site", folder / "bin"
        bin_.mkdir()
        for name, command in _SHIMS.items():
            text = command.format(python=sys.executable, site=site)
            (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
            (bin_ / name).chmod(0o755)
        path = os.pathsep.join([str(bin_), os.environ["PATH"]])
        known = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        more = {"PATH": path, "PYTHONPATH": known, "OMP_NUM_THREADS": "1"}
        self.environment = {**os.environ, **more}

    def follow(self, block: Block) -> None:
        if block.file:
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            self.run(sys.executable, "-c", block.text)
        else:
            assert block.language == "sh", f"a block that no test runs: {block}"
            for command in block.text.splitlines():
                self.run("sh", "-c", command)

    def run(self, *command: str) -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return Reader(tmp_path_factory.mktemp("guide"))


@pytest.mark.parametrize("block", blocks(), ids=lambda b: b.file or b.text.splitlines()[0])
def test_a_block_of_the_guide_works(block, reader):
    reader.follow(block)


def test_the_five_minute_loss_took_one_file_of_35_lines_and_five_commands(reader):
    (loss,) = [b for b in blocks() if b.file == "weighed.py"]
    assert len(loss.text.splitlines()) <= 35
    shell = [b.text.splitlines() for b in blocks() if b.language == "sh"]
    assert len(shell[0]) <= 5
    assert shell[0][-1].startswith("secantfw run ")
    assert list(reader.folder.glob("runs/weighed/*/outcome.json"))


def test_a_packaged_plugin_took_at_most_five_commands(reader):
    shell = [b.text.splitlines() for b in blocks() if b.language == "sh"]
    assert shell[1][0].startswith("secantfw new plugin ")
    assert shell[1][-1].startswith("secantfw run ")
    assert len(shell[1]) <= 5
    assert list(reader.folder.glob("runs/fast/*/outcome.json"))
