"""The strict reader of JSON."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secantfw.runtime.json_text import parse_json

REFUSED = (
    b"", b"{", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 5000, b"9" * 25,
    b"9223372036854775808", b"[" * 65 + b"]" * 65, b"[" * 100_000 + b"]" * 100_000, b'"\\ud800"',
    b'{"a": ["\\udc00"]}', b'{"\\ud800": 1}', b"\xff", b'"\xed\xa0\x80"',
    b"[" + b'"]", ' * 70 + b"[" * 65 + b"]" * 66,
)  # fmt: skip


@pytest.mark.parametrize("content", REFUSED, ids=lambda c: repr(c[:20]))
def test_what_lies_in_wait_is_refused_in_one_line(content):
    with pytest.raises(ValueError) as refused:
        parse_json(content)
    assert str(refused.value)
    assert "\n" not in str(refused.value)


def test_nan_is_a_number_where_it_is_asked_for_and_infinity_never_is():
    assert math.isnan(parse_json(b"[NaN]", nan=True)[0])
    with pytest.raises(ValueError, match="finite"):
        parse_json(b"[Infinity]", nan=True)


def test_brackets_in_texts_are_no_depth():
    assert parse_json(b'["' + b"[" * 500 + b'"]') == ["[" * 500]
    assert parse_json(b'{"hash": "3e999", "number": 12}')["hash"] == "3e999"
    assert parse_json(b'"\\ud83d\\ude00"') == "\U0001f600"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_one_line(content):
    said = ""
    try:
        parse_json(content)
    except ValueError as error:
        said = str(error)
    assert "\n" not in said
