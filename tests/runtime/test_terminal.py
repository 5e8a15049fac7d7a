"""What is printed: nothing that steers a terminal, and nothing that a broken pipe stops."""

from __future__ import annotations

import io
import os

import pytest

from secantfw.runtime.terminal import Surviving, printable_lines, put_toml


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b31m", "\u202e", "\r", "\x7f", "\ud800"])
def test_what_steers_a_terminal_is_escaped(text):
    shown = printable_lines(f"a\n{text}\tb")
    assert all(c.isprintable() or c in "\n\t" for c in shown)
    assert shown.startswith("a\n")


def test_what_people_write_is_left_alone():
    text = "déjà vu: 1\xa0000 ± 3, \u4e2d\u6587"
    assert printable_lines(text) == text


def test_toml_stays_toml(capsys):
    import tomli

    put_toml('title = "\x9b31m"\n')
    assert tomli.loads(capsys.readouterr().out) == {"title": "\x9b31m"}


def test_a_stream_without_a_reader_goes_on_and_says_what_it_lost():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        surviving = Surviving(stream)
        for _ in range(3):
            surviving.write("x" * 10_000)
            surviving.flush()
        assert isinstance(surviving.lost, BrokenPipeError)


def test_a_stream_that_cannot_spell_a_letter_spells_it_out():
    raw = io.BytesIO()
    stream = Surviving(io.TextIOWrapper(raw, encoding="ascii"))
    stream.write("±")
    stream.flush()
    assert raw.getvalue() == b"\\xb1"
