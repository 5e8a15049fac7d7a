"""A scratch environment beside the running one: it sees its packages, and more come and go."""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import attrs
import pytest

THIRD_PARTY = Path(__file__).parents[1] / "third_party"


@attrs.frozen
class Scratch:
    """A virtual environment on top of the interpreter that runs the tests."""

    root: Path
    python: Path

    def pip(self, *arguments: str) -> str:
        return self._run(sys.executable, "-m", "pip", "--python", str(self.python), *arguments)

    def install(self, name: str) -> None:
        """Build and install a distribution of tests/third_party; offline, and not in place."""
        copy = self.root / "sources" / name
        shutil.copytree(THIRD_PARTY / name, copy)  # building leaves folders in the source
        self.pip("install", "--quiet", "--no-deps", "--no-build-isolation", str(copy))

    def secantfw(self, *arguments: str, code: int = 0, **environment: str):
        """Run a command; its stdout and stderr are looked at apart."""
        done = subprocess.run(
            [str(self.python), "-m", "secantfw.cli.main", *arguments],
            capture_output=True,
            text=True,
            cwd=self.root,
            env={**_environment(), **environment},
            timeout=300,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.root, env=_environment(), timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _environment() -> dict[str, str]:
    """Without what the person running the tests has set for their own plug-ins."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SECANTFW_")}
    return {**kept, "OMP_NUM_THREADS": "1", "HOSTILE_SECONDS": "1.2"}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Scratch:
    for tool in ("pip", "setuptools"):  # builds without isolation, so that no index is asked
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed")
    root = tmp_path_factory.mktemp("scratch")
    venv.create(root / "venv", with_pip=False, symlinks=True)
    python = root / "venv" / "bin" / "python"
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    # `addsitedir`, not a bare line: an editable install is a .pth file in that folder.
    lines = [f"import site; site.addsitedir({place!r})" for place in site.getsitepackages()]
    Path(found.stdout.strip(), "running_interpreter.pth").write_text("\n".join(lines) + "\n")
    return Scratch(root, python)
