"""A hook that raises takes nothing else with it, whichever hook it is."""

from __future__ import annotations

import json

import pytest

from secantfw.load_plugins import load_plugins

MARK = "import secantfw\n\n\n@secantfw.hookimpl\n"

pytestmark = pytest.mark.plugin("basics", "data", "picard")


@pytest.mark.parametrize("hook", ["run_started", "step_logged", "run_ended"])
@pytest.mark.parametrize("error", ["ValueError('on purpose')", "SystemExit(0)"])
def test_an_observer_that_raises_is_detached_and_the_others_go_on(
    install, secantfw, tiny, tmp_path, hook, error
):
    names = {"run_started": "run", "step_logged": "run, step", "run_ended": "run, outcome"}
    log = tmp_path / "calls"
    broken = (
        f"{MARK}def secantfw_{hook}({names[hook]}):\n"
        f"    open({str(log)!r}, 'a').write('called ')\n    raise {error}\n"
    )
    install("aaa", broken)  # before the other one, in order of names
    install("zzz", f"{MARK}def secantfw_run_ended(run):\n    (run.directory / 'zzz').touch()\n")
    said = secantfw("run", tiny, "--out", tmp_path / "runs")
    assert said.code == 0, said.err
    (directory,) = (tmp_path / "runs" / "tiny").iterdir()
    outcome = json.loads((directory / "outcome.json").read_text())
    assert outcome["status"] == "finished"
    assert (directory / "zzz").exists()
    assert log.read_text() == "called ", "detached after the first time"
    if hook != "run_ended":  # what it says is about the run, and the run has ended
        (detached,) = outcome["detached"]
        assert detached.startswith(f"aaa: secantfw_{hook}: ")
    assert f"observer aaa: secantfw_{hook}: " in said.err


def test_a_check_that_raises_is_a_problem_and_the_others_are_heard(install, secantfw, tiny):
    install("aaa", f"{MARK}def secantfw_check(experiment):\n    yield 1 / 0\n")
    install("zzz", f"{MARK}def secantfw_check():\n    return [secantfw.Problem('heard')]\n")
    said = secantfw("check", "--no-build", tiny)
    assert said.code == 2
    assert "plug-in 'aaa' failed in secantfw_check: ZeroDivisionError" in said.out
    assert "heard" in said.out


def test_experiments_that_raise_are_an_error_only_where_they_are_wanted(install, secantfw, tiny):
    install("aaa", f"{MARK}def secantfw_experiments():\n    raise OSError('no disk')\n")
    assert secantfw("check", "--no-build", tiny).code == 0
    said = secantfw("check", "--no-build", "aaa/any.toml")
    assert said.code == 2
    assert "plug-in 'aaa' failed in secantfw_experiments: OSError: no disk" in said.err


def test_a_doctor_that_raises_is_a_finding_and_the_others_are_heard(install, secantfw):
    install("aaa", f"{MARK}def secantfw_doctor():\n    raise OSError('sick')\n")
    text = "    return [secantfw.Finding('ok', 'heard')]\n"
    install("zzz", f"{MARK}def secantfw_doctor():\n{text}")
    said = secantfw("doctor", "--json")
    whats = [finding["what"] for finding in json.loads(said.out)]
    assert said.code == 2
    assert "plug-in 'aaa' failed in secantfw_doctor: OSError: sick" in whats
    assert "heard" in whats


def verb(name: str, says: str) -> str:
    return (
        f"{MARK}def secantfw_commands(subparsers):\n"
        f"    parser = subparsers.add_parser({name!r}, help='a verb')\n"
        f"    parser.set_defaults(run=lambda args, plugins: print({says!r}) or 0)\n"
    )


def test_a_contested_verb_stays_with_the_first_and_the_second_is_named(install, secantfw):
    install("aaa", verb("greet", "first"))
    install("zzz", verb("greet", "second"))
    said = secantfw("greet")
    assert said.out == "first\n"
    assert "plug-in 'zzz' (zzz-dist 1.0) failed in secantfw_commands" in said.err
    assert "verb 'greet' belongs to plug-in 'aaa' already" in said.err


def test_no_verb_of_the_core_can_be_taken(install, secantfw):
    install("aaa", verb("components", "taken"))
    assert "picard:sdei" in secantfw("components").out
    assert "verb 'components' belongs to secantfw itself" in secantfw("plugins").out


def test_a_verb_needs_something_to_run(install, secantfw):
    source = (
        f"{MARK}def secantfw_commands(subparsers):\n    subparsers.add_parser('x', help='x')\n"
    )
    install("aaa", source)
    said = secantfw("x")
    assert said.code == 2
    assert "verb 'x' has no run" in said.err
    assert "no verb named 'x'" in said.err


def test_what_a_hook_prints_does_not_reach_stdout(install, secantfw):
    install("aaa", f"{MARK}def secantfw_doctor():\n    print('loud')\n    return []\n")
    said = secantfw("doctor", "--json")
    json.loads(said.out)
    assert "loud" in said.err


def test_a_failed_plug_in_leaves_no_hook_behind(install):
    install("aaa", f"{MARK}def secantfw_components(register):\n    raise OSError\n\n\n{MARK}"
            "def secantfw_doctor():\n    raise AssertionError\n")  # fmt: skip
    plugins = load_plugins(only=["aaa"])
    assert [failure.name for failure in plugins.failures] == ["aaa"]
    assert "aaa" not in [
        h.plugin_name for h in plugins.manager.hook.secantfw_doctor.get_hookimpls()
    ]
