"""A component's probe: what it says stands in listings, and a machine that lacks something is
refused with it when the component is built."""

from __future__ import annotations

import json

import pytest

from secantfw import UserError
from secantfw.discovery.building import build
from secantfw.load_plugins import load_plugins
from secantfw.testing.running import conform_component

PLUGIN = """\
import attrs

import secantfw

SECANTFW_API = 1


@attrs.frozen
class Options:
    at_home: bool = secantfw.option(False, "whether it may stay here")


class Traveller:
    def __init__(self, options):
        pass


def missing(options):
    return "" if options is not None and options.at_home else "no ticket"


def broken(options):
    raise RuntimeError("the probe fell over")


@secantfw.hookimpl
def secantfw_components(register):
    here = f"{__name__}:"
    for name, probe in (("traveller", "missing"), ("broken", "broken")):
        register.loss(name, here + "Traveller", options=here + "Options", probe=here + probe)
"""


@pytest.fixture
def component(install):
    install("probing", PLUGIN)

    def find(name):
        return load_plugins().registry.find("loss", name)

    return find


def test_a_listing_gives_the_reason(component, secantfw):
    component("traveller")
    lines = secantfw("components", "loss").out.splitlines()
    assert any("probing:traveller" in line and "here: no ticket" in line for line in lines)
    rows = json.loads(secantfw("components", "loss", "--json").out)
    assert {r["name"]: r["unavailable"] for r in rows}["traveller"] == "no ticket"
    assert "unavailable here: no ticket" in secantfw("describe", "loss:traveller").out


def test_building_asks_with_the_options(component):
    from probing_plugin import Options

    with pytest.raises(UserError, match="loss probing:traveller is unavailable here: no ticket"):
        build(component("traveller"), Options())
    build(component("traveller"), Options(at_home=True))


def test_the_kit_skips_what_cannot_run_here(component):
    registry = load_plugins().registry
    (only,) = conform_component(component("traveller"), registry)
    assert (only.outcome, only.reason) == ("skipped", "no ticket")


def test_a_probe_that_raises_is_a_reason_and_no_traceback(component, secantfw):
    component("broken")
    said = secantfw("components", "loss")
    assert said.code == 0
    assert "its probe failed (RuntimeError: the probe fell over)" in said.out
