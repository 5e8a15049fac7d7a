"""What the Picard losses ask for, refuse and register."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from secantfw_picard.options import SDEEOptions, SDEIOptions, STEEOptions, STEIOptions
from secantfw_picard.sdee import SDEE
from secantfw_picard.sdei import SDEI
from secantfw_picard.stee import STEE
from secantfw_picard.stei import STEI

from secantfw import TimesNeed
from secantfw.discovery.registry import Register, import_string


def test_losses_require_what_they_cannot_do_without() -> None:
    assert SDEI(SDEIOptions()).requirements() == {"teacher"}
    assert STEI(STEIOptions()).requirements() == set()
    assert STEI(STEIOptions(tangent="teacher")).requirements() == {"teacher"}
    assert SDEE(SDEEOptions()).requirements() == {"teacher", "bidirectional"}
    assert STEE(STEEOptions()).requirements() == {"bidirectional"}
    assert SDEI(SDEIOptions(weights="ema")).requirements() == {"teacher", "ema"}
    assert STEI(STEIOptions(picard_iterations=2)).requirements() == {"bidirectional"}


def test_losses_ask_for_the_times_they_use() -> None:
    assert SDEI(SDEIOptions(draws=3, law="stratified")).times_needed() == TimesNeed(
        draws=3, law="stratified"
    )
    assert STEI(STEIOptions()).times_needed().tau
    assert not STEI(STEIOptions(diffusion_weight=0.0)).times_needed().tau


@pytest.mark.parametrize("bad", [{"draws": 0}, {"picard_iterations": 0}])
def test_options_out_of_bounds_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=">= 1"):
        SDEIOptions(**bad)


@pytest.mark.parametrize("package", ["secantfw_picard", "secantfw_basics"])
def test_every_component_that_is_registered_exists(package: str, tmp_path) -> None:
    module = importlib.import_module(f"{package}.plugin")
    register = Register("it", tmp_path)
    module.secantfw_components(register)
    assert register._components
    for component in register._components:
        assert component.options is not None
        assert import_string(component.options)() is not None
        assert import_string(component.target).__doc__
        assert component.summary


def test_registering_costs_no_torch() -> None:
    code = (
        "import sys, secantfw_picard.plugin, secantfw_picard.options, "
        "secantfw_basics.plugin, secantfw_basics.options; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
