"""Which baselines file is of a teacher, where it is looked for, and what is none."""

from __future__ import annotations

import json

import pytest
from small_baselines import built, content, evaluated, finalist, put

from secantfw.baselines.file import read_baselines
from secantfw.baselines.fingerprint import teacher_fingerprint
from secantfw.load_plugins import load_plugins

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "solvers")


def test_the_fingerprint_is_of_the_teacher_alone(folder):
    file = folder / "small.toml"
    mine = teacher_fingerprint(built(file)).fingerprint
    same = ("guidance.scale=2.0", "train.steps=3", "evaluate.samples=64", "dataset.size=600")
    assert teacher_fingerprint(built(file, *same)).fingerprint == mine
    for other in ("teacher.radius=1.7", 'path.use="trigonometric"'):
        assert teacher_fingerprint(built(file, other)).fingerprint != mine, other


@pytest.mark.plugin("sit")
def test_the_fingerprint_has_the_weights_and_not_how_they_are_computed(experiments):
    file = experiments / "sit_picard.toml"
    made = built(file, "evaluate.samples=0")
    mine = teacher_fingerprint(made)
    explicit = built(file, "evaluate.samples=0", 'teacher.attention="explicit"')
    assert teacher_fingerprint(explicit) == mine
    name, tensor = next(iter(explicit.teacher.weights().items()))
    tensor.view(-1)[0] += 1e-3
    assert teacher_fingerprint(explicit).fingerprint != mine.fingerprint, name


def spoilt(said: dict, how: str) -> str:
    """The file's text, wrong in some way."""
    if how == "not JSON":
        return json.dumps(said)[:-5]
    if how == "another teacher":
        said["teacher"]["fingerprint"] = "0" * 64
    elif how == "no teacher":
        del said["teacher"]
    elif how == "another schema":
        said["schema"] = 9
    elif how == "steps of text":
        said["finalists"]["2"][0]["steps"] = "many"
    elif how == "a list":
        return "[1, 2]"
    elif how == "guidance":
        said["finalists"]["2"][1]["guidance"]["interval"] = [0.5, 0.1]
    return json.dumps(said)


SAID = {
    "not JSON": "no baselines file: not JSON",
    "another teacher": "baselines of another teacher",
    "no teacher": "no baselines file: it lacks 'teacher'",
    "another schema": "baselines of schema 9; this secantfw reads 1",
    "steps of text": "no baselines file: invalid literal for int()",
    "a list": "no baselines file: it lacks 'schema'",
    "guidance": "no baselines file: guidance of scale 2 in [0.5, 0.1]",
}


@pytest.mark.parametrize("how", SAID)
@pytest.mark.parametrize("named", [True, False])
def test_a_file_that_is_none_of_this_teachers_is_refused(secantfw, folder, how, named):
    """In one line, before training."""
    said = content(folder / "small.toml")
    file = put(folder, said)
    file.write_text(spoilt(said, how))
    override = (f'evaluate.baselines="{file}"',) if named else ()
    refused = secantfw("run", folder / "small.toml", *override, "--out", folder / "runs")
    assert refused.code == 2
    assert SAID[how] in refused.err
    assert str(file) in refused.err
    assert "training" not in refused.err


def test_a_file_that_is_not_there_is_refused_at_its_line(secantfw, folder):
    said = secantfw("check", folder / "small.toml", 'evaluate.baselines="nowhere.json"')
    assert said.code == 2
    assert "evaluate.baselines: no such file: 'nowhere.json'" in said.out


def test_a_finalist_of_a_solver_that_is_not_installed_is_left_out(folder):
    said = content(folder / "small.toml")
    said["finalists"]["1"].append(finalist("gone:solver", 1, 1))
    found = read_baselines(put(folder, said), load_plugins().registry)
    assert len(found.finalists[1]) == 1


def test_a_plug_in_ships_baselines_as_an_asset(secantfw, folder):
    said = content(folder / "small.toml")
    (folder / "shipped.json").write_text(json.dumps(said))
    (folder / "ships.py").write_text(
        "import secantfw\n\n\n@secantfw.hookimpl\ndef secantfw_components(register):\n"
        "    register.asset('baselines/mine', 'shipped.json')\n"
    )
    found, _, _ = evaluated(secantfw, folder, 'local_plugins=["ships.py"]')
    assert [row for row in found["rows"] if row.get("baseline")]
