"""Listings cost no torch: with one entry in `sys.modules` every command would take seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "matplotlib", "rich", "PIL", "tensorboard", "wandb")
CODE = f"""\
import sys
from secantfw.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def heavy_modules_of(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["plugins"],
        ["plugins", "--json"],
        ["components"],
        ["components", "loss", "--json"],
    ],
    ids=" ".join,
)
def test_a_listing_is_light(arguments):
    assert heavy_modules_of(*arguments) == "[]"


@pytest.mark.plugin("basics", "data", "picard")
def test_looking_at_an_experiment_is_light(tiny):
    assert heavy_modules_of("check", "--no-build", str(tiny)) == "[]"
    assert heavy_modules_of("show", str(tiny)) == "[]"


def components() -> list[str]:
    from secantfw.load_plugins import load_plugins

    return [f"{c.kind}:{c.full_name}" for c in load_plugins().registry]


@pytest.mark.parametrize("name", components())
def test_describing_a_component_is_light(name):
    assert heavy_modules_of("describe", name) == "[]"
