"""The fused kernel, without a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from secantfw_cuda.update import by_kernel, by_torch, update_for

from secantfw import SecantParts, UserError

pytestmark = pytest.mark.plugin("cuda")


def test_the_kernel_is_guidance_and_update_by_tritons_interpreter():
    pytest.importorskip("triton")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("interpreted_kernel.py"))],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_triton_is_imported_where_it_is_used_only(monkeypatch):
    monkeypatch.setitem(sys.modules, "triton", None)
    assert update_for("auto", torch.device("cpu")) is by_torch
    assert update_for("auto", torch.device("cuda")) is by_torch
    with pytest.raises(UserError, match="needs Triton"):
        update_for("triton", torch.device("cpu"))
    x = torch.ones(2, 3)
    assert torch.equal(by_kernel(x, torch.ones(2), SecantParts(x)), 2 * x), "nothing to combine"
