"""What the tests of packing share: the size of a shard, small steps, what is in a folder."""

import os

import pytest
import torch
from secantfw_data import array_file, pack_writer, stored_rows

SHARD = 3000  # bytes: some 11 latents of float32


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Blocks of two latents, which are flushed each; what needs no disk does not wait for one."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(array_file, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(stored_rows, "_BLOCK", 600)
    monkeypatch.setattr(pack_writer, "_BYTES_BETWEEN_COMMITS", 600)


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def assert_same_items(one, other):
    for split in ("train", "test"):
        assert one.size(split) == other.size(split)
        index = torch.randperm(one.size(split))
        a, b = (data.items(split, index) for data in (one, other))
        assert torch.equal(a.x_0, b.x_0)
        assert torch.equal(a.label, b.label)
