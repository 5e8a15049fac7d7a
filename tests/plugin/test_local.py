"""`local_plugins`: one file, named in an experiment, isolated like any other plug-in."""

from __future__ import annotations

import sys

import pytest

from secantfw.discovery.local import load_local
from secantfw.errors import UserError
from secantfw.load_plugins import load_plugins

GOOD = """\
import secantfw

@secantfw.hookimpl
def secantfw_components(register):
    register.loss("mine", "local_under_test:Mine")
"""


@pytest.fixture
def local(tmp_path):
    def write(source, name="local_under_test"):
        file = tmp_path / f"{name}.py"
        file.write_text(source)
        return file

    yield write
    sys.modules.pop("local_under_test", None)


def test_its_components_carry_the_files_name(local):
    plugins = load_plugins()
    load_local(plugins, local(GOOD))
    assert plugins.registry.find("loss", "mine").full_name == "local_under_test:mine"


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("raise OSError('broken')\n", "OSError: broken"),
        ("raise SystemExit(0)\n", r"it called sys.exit\(0\)"),
        (GOOD.replace("components", "componentz"), "did you mean secantfw_components"),
        ("SECANTFW_API = 2\n" + GOOD, "written for plug-in API 2"),
        (GOOD.replace('"local_under_test:Mine"', "'nonsense'"), "not of the form"),
        ("", "implements no hook"),
    ],
)
def test_a_broken_one_leaves_nothing_behind(local, source, cause):
    plugins = load_plugins()
    before = (len(plugins.loaded), len(plugins.manager.get_plugins()))
    file = local(source)
    with pytest.raises(UserError, match=cause) as raised:
        load_local(plugins, file)
    assert str(file) in str(raised.value)
    assert (len(plugins.loaded), len(plugins.manager.get_plugins())) == before
    assert "local_under_test" not in sys.modules


@pytest.mark.parametrize("name", ["torch", "attrs", "json", "secantfw", "secantfw_basics"])
@pytest.mark.plugin("basics")
def test_it_cannot_take_the_place_of_an_installed_module(local, name):
    before = sys.modules.get(name)
    with pytest.raises(UserError, match="an installed module is called that"):
        load_local(load_plugins(), local(GOOD, name))
    assert sys.modules.get(name) is before


def test_what_it_prints_goes_to_stderr_and_is_named(local, capfd):
    load_local(load_plugins(), local("print('loud')\n" + GOOD))
    said = capfd.readouterr()
    assert said.out == ""
    assert "printed a line while loading ('loud')" in said.err
