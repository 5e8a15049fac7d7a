"""A distribution that fails in every way there is: each is isolated, named and explained."""

from __future__ import annotations

import json

import pytest

#: Plug-in, the stage it fails at, its cause, what to do.
FAILURES = [
    ("bad_api", "api", "written for plug-in API 2; this", "'secantfw-hostile<6.6.6'"),
    ("bad_argument", "hooks", "registry", "report it to the author"),
    ("bad_base_exception", "import", "it raised Unstoppable: not an Exception", "--upgrade"),
    ("bad_components", "components", "ZeroDivisionError: in the middle", "report it"),
    ("bad_exit", "import", "it called sys.exit(0)", "--no-plugin bad_exit"),
    ("bad_import", "import", "a_package_that_nobody_has", "pip install a_package_that_nobody_has"),
    ("bad_misspelt", "hooks", "did you mean secantfw_components?", "report it"),
    ("bad_object", "import", "names no module", "--no-plugin bad_object"),
    ("bad_unmarked", "hooks", "not marked with @secantfw.hookimpl", "report it"),
    ("bad_wrapper", "hooks", "secantfw_check is a wrapper", "report it"),
    ("sit", "name", "has a plug-in of this name already", "pip uninstall secantfw-hostile"),
]  # fmt: skip

#: Plug-in that loads, and what is said of it.
WARNINGS = [
    ("bad_experiments", "failed in secantfw_experiments: NotADirectoryError: /nowhere/at/all"),
    ("bad_hooks", "failed in secantfw_experiments: OSError: no experiments"),
    ("bad_print", "printed 3 lines while loading ('hello from bad_print')"),
    ("bad_slow", "to load, and every command waits for it"),
    ("bad_torch", "default dtype (torch.float32 -> torch.float64), grad mode (True -> False)"),
    ("bad_torch", "imports torch while loading"),
    ("bad_verb", "verb 'run' belongs to secantfw itself already"),
    ("bad_verb_exit", "failed in secantfw_commands: RuntimeError: it called sys.exit(0)"),
    ("bad_verb_twin", "verb 'twice' belongs to plug-in 'bad_verb_twin' already"),
]

pytestmark = pytest.mark.plugin("sit", "picard")


@pytest.fixture(scope="module")
def hostile(scratch):
    scratch.install("secantfw-hostile")
    return scratch


@pytest.fixture(scope="module")
def listed(hostile):
    done = hostile.secantfw("plugins", "--json")
    return json.loads(done.stdout), done.stderr  # stdout is nothing but JSON


@pytest.mark.parametrize(("name", "stage", "cause", "step"), FAILURES)
def test_a_failure_has_a_row_and_a_line(listed, name, stage, cause, step):
    rows, stderr = listed
    (row,) = [row for row in rows if row["name"] == name and row["status"] == "failed"]
    assert row["distribution"] == "secantfw-hostile 6.6.6"
    assert row["error"].startswith(f"{stage}: ")
    assert cause in row["error"]
    assert step in row["next_step"]
    (line,) = [line for line in stderr.splitlines() if f"plug-in {name!r} (" in line]
    assert cause in line
    assert f"secantfw plugins --why {name}" in line


@pytest.mark.parametrize(("name", "said"), WARNINGS)
def test_a_plug_in_that_loads_and_misbehaves_is_named(listed, name, said):
    rows, _ = listed
    (row,) = [row for row in rows if row["name"] == name]
    assert row["status"] == "ok"
    assert any(said in warning for warning in row["warnings"]), row["warnings"]


def test_nothing_else_is_said_of_any_plug_in(listed):
    rows, _ = listed
    named = {name for name, *_ in (*FAILURES, *WARNINGS)}
    clean = [row for row in rows if row["status"] == "ok" and row["name"] not in named]
    assert {"basics", "bad_rival"} <= {row["name"] for row in clean}
    assert not any(row["warnings"] for row in clean)


def test_first_party_plug_ins_lose_nothing(hostile, listed):
    rows, _ = listed
    before = hostile.secantfw("plugins", "--json", "--plugins", "basics,picard")
    for row in json.loads(before.stdout):
        if row["status"] == "ok":
            (beside,) = [r for r in rows if r["name"] == row["name"] and r["status"] == "ok"]
            assert beside["components"] == row["components"]


def test_half_a_registration_does_not_stay(hostile):
    listed = json.loads(hostile.secantfw("components", "loss", "--json").stdout)
    assert listed
    assert "half" not in {component["name"] for component in listed}


@pytest.mark.parametrize("name", [name for name, *_ in FAILURES])
def test_why_tells_all_that_is_known(hostile, name):
    others = {"--no-plugin": [n for n in ("bad_slow", "bad_torch") if n != name]}
    left_out = [text for n in others["--no-plugin"] for text in ("--no-plugin", n)]
    said = hostile.secantfw("plugins", "--why", name, *left_out).stdout
    for part in ("secantfw-hostile 6.6.6", "failed at stage", "cause:", "next step:"):
        assert part in said
    assert "Traceback (most recent call last)" in said


def test_a_shared_component_name_is_an_error_only_where_it_is_used(hostile):
    quick = ("--plugins", "picard,bad_rival")
    listed = hostile.secantfw("components", "loss", *quick).stdout
    assert "picard:sdei" in listed
    assert "bad_rival:sdei" in listed
    hostile.secantfw("describe", "loss:bad_rival:sdei", *quick)
    said = hostile.secantfw("describe", "loss:sdei", *quick, code=2).stderr
    assert "'bad_rival:sdei'" in said
    assert "'picard:sdei'" in said


def test_torch_is_as_it_was_after_a_plug_in_turned_its_settings(hostile):
    code = (
        "import sys; from secantfw.load_plugins import load_plugins\n"
        "load_plugins(only=['bad_torch'])\n"
        "import torch; print(torch.get_default_dtype(), torch.is_grad_enabled(),"
        "torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(),"
        "torch.initial_seed() == 0)"
    )
    (hostile.root / "state.py").write_text(code)
    said = hostile._run(str(hostile.python), str(hostile.root / "state.py"))
    assert said.split() == ["torch.float32", "True", "1", "False", "False"]


def test_a_hook_that_fails_in_doctor_is_a_finding(hostile):
    done = hostile.secantfw("doctor", "--json", "--plugins", "bad_hooks", code=2)
    said = [finding["what"] for finding in json.loads(done.stdout)]
    assert any("'bad_hooks' failed in secantfw_doctor: RuntimeError" in what for what in said)


def test_a_contested_verb_stays_with_the_core(hostile):
    done = hostile.secantfw("run", "nothing.toml", "--plugins", "bad_verb", code=2)
    assert "hijacked" not in done.stderr
    assert "hijack" not in hostile.secantfw("--help", "--plugins", "bad_verb").stdout


def test_strict_raises_the_plug_ins_own_error(hostile):
    only = ("--plugins", "bad_components", "--strict-plugins")
    assert "ZeroDivisionError" in hostile.secantfw("components", *only, code=1).stderr
    only = ("--plugins", "bad_print", "--strict-plugins")
    assert "printed 3 lines" in hostile.secantfw("components", *only, code=1).stderr
    only = ("--plugins", "bad_exit")
    hostile.secantfw("components", *only, SECANTFW_STRICT_PLUGINS="1", code=1)


def test_left_out_by_name_they_are_silent(hostile):
    left_out = [text for name, *_ in (*FAILURES, *WARNINGS) if name.startswith("bad")
                for text in ("--no-plugin", name)]  # fmt: skip
    done = hostile.secantfw("components", *left_out, "--no-plugin", "sit")
    assert done.stderr == ""


def test_the_trace_names_each_call_with_its_milliseconds(hostile):
    done = hostile.secantfw("components", "--plugins", "picard,bad_components", "--trace-plugins")
    trace = [line for line in done.stderr.splitlines() if line.startswith("secantfw: trace: ")]
    assert [line.rsplit(" ", 2)[0] for line in trace if "picard" in line] == [
        "secantfw: trace: import 'picard'",
        "secantfw: trace: secantfw_components 'picard'",
    ]
    assert any("secantfw_components 'bad_components'" in t and "(raised)" in t for t in trace)
