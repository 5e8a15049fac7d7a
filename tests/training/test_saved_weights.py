"""Saving weights takes no second copy of them."""

from __future__ import annotations

import torch

from secantfw import WeightsHeader
from secantfw.weights.safetensors import _on_cpu, load_weights, save_weights


def test_whole_tensors_are_saved_as_they_lie_in_memory():
    one, other = torch.randn(5), torch.randn(2, 3)
    held = _on_cpu({"one": one, "other": other}, None)
    assert held["one"].data_ptr() == one.data_ptr()
    assert held["other"].data_ptr() == other.data_ptr()


def test_tensors_that_share_memory_are_saved_apart(tmp_path):
    base = torch.arange(12.0).view(3, 4)
    tied = {"a": base, "b": base, "row": base[1], "column": base[:, 1], "turned": base.T}
    file = tmp_path / "w.safetensors"
    save_weights(file, tied, WeightsHeader(file=""))
    found = load_weights(file)
    assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in tied.items()}


def test_another_dtype_is_a_copy_and_leaves_integers_alone():
    held = _on_cpu({"x": torch.ones(2), "n": torch.tensor(3)}, torch.float16)
    assert (held["x"].dtype, held["n"].dtype) == (torch.float16, torch.int64)
