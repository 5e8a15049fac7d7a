"""The script for a GPU machine works: tried without one, in tiny sizes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.plugin("basics", "sit", "edm", "cuda", "picard")]


def script(*arguments):
    command = [sys.executable, "-m", "tests.benchmarks.gpu", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_without_cuda_it_says_so_in_a_line(tmp_path):
    done = script("--out", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("gpu benchmark: no CUDA device")


def test_a_rehearsal_runs_every_section(tmp_path):
    done = script("--cpu-rehearsal", "--out", tmp_path, "--budget-seconds", 600)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "gpu.json").read_text())
    sections = {s["name"]: s for s in said["sections"]}
    if importlib.util.find_spec("diffusers") is None:
        del sections["decoding"]
    assert [name for name, s in sections.items() if s["error"] or not s["figures"]] == []
    figures = {f["name"]: f["value"] for s in said["sections"] for f in s["figures"]}
    assert figures["graph and eager differ in"] == 0
    assert {g["name"] for g in said["gates"]} == {f"G{n}" for n in range(1, 10)}
    assert {g["verdict"] for g in said["gates"]} == {"rehearsed", "not run"}
