"""The line of a key, whichever way TOML lets it be written."""

from __future__ import annotations

import pytest

from secantfw.experiment.lines import line_of

TEXT = '''\
# a comment with [brackets] and "quotes"
a.b = 1

[table]  # a header
text = """
[not.a.header]
key = 1
"""
list = [
  1,  # ]
  { c = 2 },
]
"odd.name" = { d = { e = 3 } }

[[rows]]
x = 1
[[rows]]
x = 2
[rows.inner]
y = 3
literal = \'\'\'it's # "one" [\'\'\'
last = 4
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("a",), 2),
        (("a", "b"), 2),
        (("table",), 4),
        (("table", "text"), 5),
        (("table", "list"), 9),
        (("table", "list", 1, "c"), 9),
        (("table", "odd.name", "d", "e"), 13),
        (("rows", 0, "x"), 16),
        (("rows", 1), 17),
        (("rows", 1, "x"), 18),
        (("rows", 1, "inner", "y"), 20),
        (("rows", 1, "inner", "last"), 22),
        (("table", "absent"), 4),
        (("absent",), 1),
    ],
)
def test_a_key_is_found_on_its_line(key, line):
    assert line_of(TEXT, key) == line


def test_ten_thousand_lines_are_looked_through_in_linear_time():
    text = "".join(f"key_{n} = [\n  {n},\n]\n" for n in range(3_000))
    assert line_of(text, ("key_2999",)) == 3 * 2999 + 1
