"""Safetensors files whose header or config.json lies; they join those of `hostile_files`."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from hostile_files import HOSTILE, hostile
from official_files import diffusers_file, state

__all__ = ["HOSTILE"]


def lying(folder: Path, header: bytes, length: int | None = None, data: bytes = b"") -> Path:
    file = folder / "w.safetensors"
    file.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return file


@hostile
def a_header_longer_than_the_file(folder):
    return lying(folder, b"{}", length=1 << 60)


@hostile
def a_header_nested_100000_deep(folder):
    return lying(folder, b'{"a":' * 100_000)


@hostile
def a_header_that_is_a_list(folder):
    return lying(folder, b'["x_embedder.proj.weight"]')


@hostile
def a_header_with_metadata_of_another_kind(folder):
    return lying(folder, b'{"__metadata__": {"secantfw": "[1]"}}')


@hostile
def a_header_whose_tensor_lies_outside(folder):
    one = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    return lying(folder, json.dumps({"x_embedder.proj.weight": one}).encode(), data=bytes(8))


@hostile
def a_header_that_claims_a_petabyte(folder):
    one = {"dtype": "F32", "shape": [1 << 48], "data_offsets": [0, 1 << 50]}
    return lying(folder, json.dumps({"x_embedder.proj.weight": one}).encode())


@hostile
def a_description_of_another_network(folder):
    one = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    said = json.dumps(
        {"component": "sit:sit", "options": {"width": 1 << 40}, "spec": {"shape": 3}}
    )
    header = {"__metadata__": {"secantfw": said}, "x_embedder.proj.weight": one}
    return lying(folder, json.dumps(header).encode(), data=bytes(4))


@hostile
def a_config_of_a_billion_pixels(folder):
    return diffusers_file(folder, state(), num_attention_heads=4, sample_size=1 << 30)


@hostile
def a_config_without_heads_that_divide(folder):
    return diffusers_file(folder, state(), num_attention_heads=0, sample_size=8)


@hostile
def a_config_that_is_no_json(folder):
    file = diffusers_file(folder, state())
    (folder / "config.json").write_text("[" * 100_000)
    return file


@hostile
def blocks_with_times_of_their_own(folder):
    file = diffusers_file(folder, state(), num_attention_heads=4, sample_size=8)
    content = bytearray(file.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    key = "transformer_blocks.1.norm1.emb.timestep_embedder.linear_1.bias"
    start = 8 + length + json.loads(content[8 : 8 + length])[key]["data_offsets"][0]
    content[start : start + 4] = struct.pack("<f", 9.0)
    file.write_bytes(content)
    return file
