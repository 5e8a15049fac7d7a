"""For any bytes whatever at the head of a weights file: it is read, or refused in one line."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from secantfw.errors import UserError
from secantfw.weights.safetensors import load_weights, read_header, save_weights

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NUMBERS = st.integers(-(2**65), 2**65) | st.sampled_from([0, 4, 8, 2**31, 2**63 - 1])
TENSOR = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "F16", "BF16", "I64", "U8", "F8_E4M3", "X"]) | JSON,
        "shape": st.lists(NUMBERS, max_size=4) | JSON,
        "data_offsets": st.lists(NUMBERS, min_size=2, max_size=2) | JSON,
    },
)
SECANTFW = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("component", "options", "spec", "path", "note"), JSON)
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "__metadata__": SECANTFW.map(lambda s: {"secantfw": json.dumps(s)}) | JSON,
        "w": TENSOR | JSON,
        "\0/../b": TENSOR,
    },
)


def _is_read_or_refused(file):
    """Whatever else is raised is a failure; the error's text is one line about the file."""
    for read in (read_header, load_weights):
        said = f"{file}"
        try:
            read(file)
        except UserError as error:
            said = str(error)
        assert str(file) in said
        assert said.isprintable()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@example(header={"w": {"dtype": "\n\x1b[31m"}}, lie=0, body=b"")
@given(header=HEADERS, lie=st.integers(-9, 9) | NUMBERS, body=st.binary(max_size=40))
def test_any_header(tmp_path, header, lie, body):
    text = json.dumps(header).encode()
    said = max(0, min(2**64 - 1, len(text) + lie)) if abs(lie) < 9 else abs(lie) % 2**64
    file = tmp_path / "w.safetensors"
    file.write_bytes(struct.pack("<Q", said) + text + body)
    _is_read_or_refused(file)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 400), bits=st.integers(1, 255), cut=st.none() | st.integers(0, 400))
def test_any_flip_and_cut(tmp_path, at, bits, cut):
    torch = pytest.importorskip("torch")
    from secantfw.interfaces.records import DataSpec, WeightsHeader

    file = tmp_path / "w.safetensors"
    header = WeightsHeader("", "basics:mlp", {"width": 8}, DataSpec((2,), 8), "linear")
    save_weights(file, {"a": torch.ones(3, 4), "b": torch.zeros(5)}, header)
    data = bytearray(file.read_bytes()[:cut])
    if at < len(data):
        data[at] ^= bits
    file.write_bytes(data)
    _is_read_or_refused(file)
