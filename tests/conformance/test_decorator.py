"""The pytest decorator: one test a check, options, expected failures that are strict."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

import secantfw.testing
from secantfw import UserError

LOCAL = Path(__file__).parent / "local_huber.py"
HUBER = {"check_fixed_point": "a Huber norm has another fixed point"}
pytest_plugins = ["pytester"]


@secantfw.testing.conformance("loss:silent", expected_failures=HUBER, local_plugins=[LOCAL])
def test_a_loss_with_an_expected_failure() -> None:
    """Its other checks hold."""


@secantfw.testing.conformance("loss:silent", options={"delta": 1e6}, local_plugins=[LOCAL])
def test_options_are_toml_values() -> None:
    """A wide Huber norm is a square, and its fixed point the secant."""


@secantfw.testing.conformance("backbone:mlp", options={"guidance_embedding": "scale", "width": 8})
def test_an_installed_component() -> None:
    """With options other than its defaults."""


def test_a_check_that_is_misspelt_is_refused():
    with pytest.raises(UserError, match="no check is called 'check_fix_point'"):
        secantfw.testing.conformance("loss:sdei", expected_failures={"check_fix_point": ""})


@pytest.mark.parametrize("name", ["sdei", "losses:sdei", "loss:", "loss:sdeii"])
def test_a_component_that_is_not_there_is_refused(name):
    with pytest.raises(UserError):
        secantfw.testing.conformance(name)


def test_an_expected_failure_that_holds_fails_the_test(pytester):
    pytester.makepyfile(
        textwrap.dedent("""
        import secantfw.testing

        @secantfw.testing.conformance(
            "solver:euler", expected_failures={"check_builds": "never"}
        )
        def test_euler(): ...
        """)
    )
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider").parseoutcomes()
    assert outcome["failed"] == 1
    assert outcome["passed"] > 5
