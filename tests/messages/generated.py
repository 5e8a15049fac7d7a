"""Bad experiment files that are better made than kept: huge, binary, hostile."""

from __future__ import annotations

import os
from pathlib import Path

GOOD = """schema = 1
[dataset]
use = "digits"
[backbone]
use = "net"
[loss]
use = "sdei"
[time_sampler]
use = "segments"
[train]
steps = 10
batch_size = 4
"""


def _byte_order_mark(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())


def _binary(file: Path) -> None:
    file.write_bytes(b"PK\x03\x04\n" + bytes(range(256)) * 16)


def _latin_1(file: Path) -> None:
    file.write_bytes(b"schema = 1\ntitle = 'd\xe9j\xe0 vu'\n")


def _ten_megabytes(file: Path) -> None:
    file.write_bytes(GOOD.encode() + b"# padding\n" * 1_000_000)


def _directory(file: Path) -> None:
    file.mkdir()


def _named_pipe(file: Path) -> None:
    os.mkfifo(file)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _deep_brackets(file: Path) -> None:
    file.write_text(GOOD + "cite = " + "[" * 50_000 + "]" * 50_000 + "\n")


def _long_dotted_key(file: Path) -> None:
    file.write_text(GOOD + ".".join("a" * 20_000) + " = 1\n")


def _number_of_5000_digits(file: Path) -> None:
    file.write_text(GOOD + "keep_last = " + "9" * 5_000 + "\n")


def _hexadecimal_of_5000_digits(file: Path) -> None:
    file.write_text(GOOD + "keep_last = 0x" + "f" * 5_000 + "\n")


def _key_with_newline(file: Path) -> None:
    file.write_text(GOOD + '"two\\nlines \\u001b[31m" = 1\n')


def _long_value(file: Path) -> None:
    file.write_text(GOOD + "keep_last = '" + "x" * 10_000 + "'\n")


def _missing(file: Path) -> None:
    """Nothing is written."""


MAKERS = {
    maker.__name__.lstrip("_"): maker
    for maker in (
        _byte_order_mark,
        _binary,
        _latin_1,
        _ten_megabytes,
        _directory,
        _named_pipe,
        _empty,
        _deep_brackets,
        _long_dotted_key,
        _number_of_5000_digits,
        _hexadecimal_of_5000_digits,
        _key_with_newline,
        _long_value,
        _missing,
    )
}
