"""Without any one first-party plug-in: commands work, the suite collects and passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from blocked_plugins import first_party

ROOT = Path(__file__).parents[2]
NAMES = sorted(first_party())
#: Suites of minutes that know no plug-in from another, and this file, which would start itself.
LEFT_ASIDE = ("tests/packaging", "tests/parity", "tests/plugin/test_blocked.py")


def pytest_without(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = ",".join(other for other in NAMES if other != name)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "SECANTFW_PLUGINS": kept},
    )


@pytest.mark.parametrize("name", NAMES)
def test_components_are_listed_without_it(secantfw, name):
    said = secantfw("--no-plugin", name, "components")
    assert said.code == 0, said.err
    assert f"{name}:" not in said.out


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_suite_collects_without_it(name):
    done = pytest_without(name, "--collect-only")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_marked_as_needing_it_passes(name):
    aside = [f"--ignore={place}" for place in LEFT_ASIDE]
    done = pytest_without(name, "--tb=line", *aside)
    assert done.returncode == 0, done.stdout[-3000:]
