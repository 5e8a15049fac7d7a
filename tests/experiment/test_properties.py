"""For any experiment whatever: it resolves to a fixed point, or it is refused with problems."""

from __future__ import annotations

import tempfile
from pathlib import Path

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import GOOD, toy_plugins

from secantfw.errors import UserError
from secantfw.experiment import load, resolved_toml

POSITIVE = st.floats(1e-12, 1e12)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "seed": st.integers(0, 2**63 - 1).filter(lambda seed: seed != 13),  # the toy refuses 13
        "train.learning_rate": POSITIVE,
        "train.clip_norm": POSITIVE,
        "train.betas": st.lists(st.floats(0, 0.999), min_size=2, max_size=2),
        "loss.draws": st.integers(1, 99),
        "loss.tangent": st.sampled_from(["self", "teacher"]),
        "loss.weighting": st.lists(st.floats(-1e6, 1e6) | st.integers(-9, 9), min_size=1),
        "ema.warmup": st.booleans(),
        "evaluate.nfe": st.lists(st.integers(1, 999), min_size=1, unique=True),
        "guidance.range": st.floats(0, 9).map(lambda low: [low, low + 1]),
    },
)
#: What a slip of the hand or a hostile hand puts into a file.
SCRAPS = st.one_of(
    st.sampled_from(["=", "[", "]", "[[", "{", '"', '"""', "'", "\n", "#", ".", "\0", "\r"]),
    st.sampled_from(["nan", "-inf", "1e999", "true", "1979-05-27", "0x", "use", "[loss]"]),
    st.sampled_from(["\ufeff", "\u2028", "\x7f", "é", "9" * 30]),
    st.text(max_size=5),
)


def in_folder(text, *overrides):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "any.toml")
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        return load(file, overrides, toy_plugins())


def good_or_refused(text, *overrides):
    """The experiment, or None where it was refused in one line a problem."""
    lines: list[str] = []
    try:
        return in_folder(text, *overrides)
    except UserError as error:
        lines = error.lines()
    assert lines
    assert all(line and len(line.splitlines()) == 1 for line in lines)
    return None


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_resolving_is_a_fixed_point(values):
    overrides = [f"{key}={tomlkit.item(value).as_string()}" for key, value in values.items()]
    first = in_folder(GOOD, *overrides)
    again = in_folder(resolved_toml(first))
    assert resolved_toml(again) == resolved_toml(first)
    assert again.digest == first.digest


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), SCRAPS), min_size=1))
def test_a_mutated_file_is_good_or_refused(mutations):
    text = GOOD
    for position, removed, scrap in mutations[:5]:
        text = text[:position] + scrap + text[position + removed :]
    loaded = good_or_refused(text)
    if loaded is not None:
        assert resolved_toml(in_folder(resolved_toml(loaded))) == resolved_toml(loaded)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["train.steps", "loss", "evaluate.solvers", "metrics.use"]), st.text())
def test_any_override_is_good_or_refused(key, text):
    good_or_refused(GOOD, f"{key}={text}")
