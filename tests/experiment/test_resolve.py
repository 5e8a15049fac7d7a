"""Defaults, and the resolved file: complete, re-runnable, a fixed point."""

from __future__ import annotations

import subprocess
import sys

import tomli
from toy import ASSETS, GOOD, toy_plugins

from secantfw.experiment import load, resolved_toml


def test_absent_tables_have_their_defaults(good, loaded):
    e = loaded(good).experiment
    assert (e.path.full_name, e.solver.full_name) == ("toy:linear", "toy:secant")
    assert [m.full_name for m in e.metrics] == ["toy:trajectory"]
    assert e.init == "teacher"
    assert e.teacher_weights() == ASSETS / "teacher.safetensors"
    assert e.evaluate.keys.reference_solver == "toy:midpoint"
    assert e.teacher_solver.full_name == e.train.teacher_solver == "toy:midpoint"
    other = loaded(good, "train.teacher_solver=euler").experiment
    assert (other.train.teacher_solver, other.teacher_solver.full_name) == ("toy:euler",) * 2


def test_an_int_is_a_float_and_nothing_else_converts(good, loaded):
    weighting = loaded(good).experiment.loss.options.weighting
    assert weighting == (1.0, 2.5)
    assert all(type(w) is float for w in weighting)


def test_without_a_teacher_the_student_starts_from_scratch(write, loaded):
    text = GOOD.replace('[teacher]\nuse = "net"\nweights = "asset:toy/teacher"\n', "")
    e = loaded(write("alone.toml", text)).experiment
    assert (e.teacher, e.init, e.metrics) == (None, "scratch", ())


def test_resolving_the_resolved_file_changes_nothing(good, write, loaded):
    first = loaded(good, "train.learning_rate=1e-5", "train.clip_norm=1")
    text = resolved_toml(first)
    again = loaded(write("elsewhere/resolved.toml", text))
    assert resolved_toml(again) == text
    assert again.digest == first.digest
    assert again.experiment.name == "good"
    assert load(good, ["seed=1"], toy_plugins()).digest != first.digest


def test_a_bare_name_of_the_runs_solver_has_its_options(good, write, loaded):
    said = ("solver.use=euler", "solver.order=2", "evaluate.solvers=['euler',{use='euler'}]")
    result = loaded(good, *said)
    assert [solver.options.order for solver in result.experiment.evaluate.solvers] == [2, 1]
    text = resolved_toml(result)
    assert resolved_toml(loaded(write("resolved.toml", text))) == text


def test_the_resolved_file_spells_everything_out(good, loaded):
    tables = tomli.loads(resolved_toml(loaded(good)))
    assert tables["dataset"] == {
        "use": "toy:digits", "labels": True, "images": "asset:toy/images"
    }  # fmt: skip
    assert tables["evaluate"]["solvers"] == ["toy:secant", {"use": "toy:euler", "order": 2}]
    assert tables["loss"]["terms"] == [{"weight": 1.0, "power": 2}, {"weight": 2.0, "power": 3}]


def test_origins_are_comments_only(good, loaded):
    result = loaded(good)
    assert tomli.loads(resolved_toml(result, origins=True)) == tomli.loads(resolved_toml(result))


def test_a_local_plugin_is_part_of_the_digest_and_of_the_files(good, write, loaded):
    plugin = write(
        "my_toy_loss.py",
        "import secantfw\n\n@secantfw.hookimpl\ndef secantfw_components(register):\n"
        '    register.loss("mine", "toy:Other", options="toy:OtherLossOptions")\n',
    )
    text = good.read_text().replace("schema = 1", 'schema = 1\nlocal_plugins = ["my_toy_loss.py"]')
    file = write("local.toml", text)
    first = loaded(file, "loss.use=mine", "loss.scale=1")
    assert first.experiment.loss.full_name == "my_toy_loss:mine"
    assert first.files == (file, plugin)
    plugin.write_text(plugin.read_text() + "# changed\n")
    del sys.modules["my_toy_loss"]
    assert loaded(file, "loss.use=mine", "loss.scale=1").digest != first.digest


def test_reading_an_experiment_needs_no_torch():
    program = "import sys, secantfw.experiment; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
