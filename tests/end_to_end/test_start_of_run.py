"""The start of a run: it speaks before torch is there, and loads nothing that it does not use."""

import subprocess
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "experiments" / "gmm_picard.toml"
#: An observer that tells what is loaded when training begins and when it has ended. Not among
#: them is torch._dynamo, which torch's own optimizers import.
OBSERVER = """\
import sys
import secantfw

UNUSED = ("torchvision", "matplotlib", "PIL", "diffusers", "scipy", "cleanfid", "timm", "sklearn")


@secantfw.hookimpl
def secantfw_run_started(run):
    print("started with", [name for name in UNUSED if name in sys.modules])


@secantfw.hookimpl
def secantfw_run_ended(run):
    print("ended with", [name for name in UNUSED if name in sys.modules])
"""
#: Says when torch begins to load.
PROGRAM = """\
import sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("torch begins", file=sys.stderr, flush=True)

sys.meta_path.insert(0, Watch())
from secantfw.cli.main import main
sys.exit(main())
"""

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")


def test_a_run_says_its_plan_before_torch_and_loads_only_what_it_uses(tmp_path):
    (tmp_path / "observer.py").write_text(OBSERVER)
    done = subprocess.run(
        [
            sys.executable, "-c", PROGRAM, "run", FILE, "train.steps=2", "train.warmup_steps=0",
            "evaluate.samples=0", f"local_plugins=['{tmp_path / 'observer.py'}']",
            "--out", tmp_path / "runs",
        ],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, _, after = done.stderr.partition("torch begins\n")
    assert before.splitlines()[0] == "Eight Gaussians, Picard secant loss (SDEI)"
    assert "  loss          picard:sdei\n" in before
    assert "  cost          2 steps of 256, 3F 1B per step, on cpu\n" in after
    said = done.stdout + done.stderr
    assert "started with []" in said
    assert "ended with []" in said
