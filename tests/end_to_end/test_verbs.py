"""The verbs on a real, small run: what each leaves and prints."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from secantfw import DataSpec
from secantfw.sampling.draw import noise

OVERRIDES = (
    "train.steps=6",
    "train.warmup_steps=2",
    "train.batch_size=8",
    "train.log_every_steps=2",
    "evaluate.samples=32",
    "evaluate.batch_size=16",
    "evaluate.nfe=[1,2]",
    "evaluate.reference_steps=2",
    "evaluate.reference_tolerance=0",
    "evaluate.picture=9",
    "evaluate.baselines=none",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of the unguided student, cut short."""
    from pathlib import Path

    from secantfw.cli.main import main

    out = tmp_path_factory.mktemp("runs")
    file = Path(__file__).parents[2] / "experiments" / "base" / "sit_student.toml"
    assert main(["run", str(file), *OVERRIDES, "--out", str(out)]) == 0
    (found,) = out.glob("sit_student/*")
    return found


def test_a_run_leaves_everything_a_reader_needs(run):
    names = {p.name for p in run.iterdir()}
    assert names == {
        ".lock", "experiment", "resolved.toml", "environment.json", "plan.json", "metrics.jsonl",
        "checkpoints", "samples", "evaluation.json", "report.html", "outcome.json",
        "references.bib",
    }  # fmt: skip
    assert json.loads((run / "outcome.json").read_text())["status"] == "finished"
    plan = json.loads((run / "plan.json").read_text())
    assert plan["evaluations_per_step"] == "3F 1B"
    assert "bit for bit" in plan["start"]
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == [2, 4, 6]
    assert {p.name for p in (run / "experiment").iterdir()} == {
        "0-fashion16.toml",
        "1-sit_student.toml",
    }


def test_the_evaluation_has_the_promised_form(run):
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["samples"] == 32
    assert evaluation["schema"] == 1
    assert evaluation["columns"][0]["floor"] > 0
    assert next(iter(evaluation["stamps"].values()))["features_sha256"]
    rows = evaluation["rows"]
    assert {(r["model"], r["solver"], r["nfe"]) for r in rows} == {
        ("student", "secant", 1),
        ("student", "secant", 2),
        ("teacher", "euler", 1),
        ("teacher", "euler", 2),
        ("teacher", "heun", 1),
    }
    assert all(r["frechet_distance"] > 0 and r["trajectory_mse"] >= 0 for r in rows)
    pictures = {p.name for p in (run / "samples").iterdir()}
    assert "student-secant-002.png" in pictures
    assert "teacher-heun-001.png" in pictures


def test_the_resolved_file_runs_again_as_the_same_experiment(run, secantfw, tmp_path):
    shown = secantfw("show", run / "resolved.toml")
    assert shown.code == 0
    assert secantfw("diff", run, run / "resolved.toml").out == ""


def test_sampling_is_independent_of_the_batch_size(run, secantfw, tmp_path):
    for size in (3, 7):
        out = tmp_path / str(size)
        said = secantfw(
            "sample", run, "--count", 7, "--steps", 2, "--batch-size", size, "--out", out
        )
        assert said.code == 0
        assert sorted(p.name for p in out.iterdir()) == [f"{k:06d}.png" for k in range(7)]
    for k in range(7):
        one, other = (tmp_path / size / f"{k:06d}.png" for size in ("3", "7"))
        assert one.read_bytes() == other.read_bytes()
    picture = Image.open(tmp_path / "3" / "000000.png")
    assert picture.size == (16, 16)


def test_evaluating_again_takes_overrides_and_rewrites_the_table(run, secantfw):
    before = (run / "evaluation.json").read_text()
    said = secantfw("evaluate", run, "--nfe", "1", "evaluate.samples=16")
    assert said.code == 0
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert {r["nfe"] for r in evaluation["rows"]} == {1}
    assert sorted(p.name for p in (run / "samples").iterdir()) == [
        "student-secant-001.png",
        "teacher-euler-001.png",
        "teacher-heun-001.png",
    ]
    assert secantfw("evaluate", run).code == 0
    assert (run / "evaluation.json").read_text() == before  # the same numbers, to the last digit


def test_an_export_describes_itself_and_serves_as_teacher(run, secantfw, tmp_path, experiments):
    file = tmp_path / "student.safetensors"
    said = secantfw("export", run, "--out", file, "--dtype", "float16")
    assert said.code == 0
    with safe_open(str(file), "pt") as opened:
        assert json.loads(opened.metadata()["secantfw"])["component"] == "sit:sit"
    refused = secantfw("export", run, "--out", file, "--tangent")
    assert refused.code == 2  # its two times have grown apart
    assert "Traceback" not in refused.err


def test_an_export_to_diffusers_is_for_the_trained_number_of_steps(run, secantfw, tmp_path):
    said = secantfw("export", run, "--to", "diffusers", "--out", tmp_path / "4")
    assert said.code == 0
    assert "trained for" not in said.err
    assert "exactly these 4 steps" in (tmp_path / "4" / "README.md").read_text()
    said = secantfw("export", run, "--to", "diffusers", "--steps", 2, "--out", tmp_path / "2")
    assert said.err.count("2 steps, and this student was trained for 4 (time_sampler.segm") == 1
    assert "exactly these 2 steps" in (tmp_path / "2" / "README.md").read_text()


def test_an_export_to_diffusers_draws_the_same_pictures_there(run, secantfw, tmp_path):
    if not hasattr(pytest.importorskip("diffusers"), "FlowMapEulerDiscreteScheduler"):
        pytest.skip("a diffusers without flow maps")
    out, drawn = tmp_path / "dit", tmp_path / "drawn"
    assert secantfw("export", run, "--to", "diffusers", "--steps", 2, "--out", out).code == 0
    assert secantfw("sample", run, "--steps", 2, "--count", 8, "--out", drawn).code == 0
    code = (out / "README.md").read_text().split("```python\n")[1].split("```")[0]
    names = {"folder": out, "start": noise(DataSpec((1, 16, 16)), 0, range(8))}
    exec(code.replace("x = torch.randn(8, 1, 16, 16)", "x = start"), names)
    found = ((names["x"].clamp(-1, 1) + 1) * 127.5)[:, 0].numpy()
    for k in range(8):
        assert abs(found[k] - np.asarray(Image.open(drawn / f"{k:06d}.png"), float)).max() < 1
    again = secantfw("export", run, "--to", "diffusers", "--out", out)
    assert again.code == 2
    assert "is there already" in again.err
    unknown = secantfw("export", run, "--to", "onnx", "--out", tmp_path / "onnx")
    assert unknown.code == 2
    assert "no counterpart in 'onnx'; it goes to safetensors, diffusers" in unknown.err


def test_describe_prints_options_and_a_block(secantfw):
    said = secantfw("describe", "loss:sdei")
    assert said.code == 0
    assert "draws: int, default 1, >= 1" in said.out
    assert "cite: arXiv:2505.14502" in said.out
    assert "requires: teacher; options may add to it" in said.out
    assert "weights: 'live' or 'ema', default" in said.out
    assert 'use = "picard:sdei"' in said.out
    assert secantfw("describe", "loss:nothing").code == 2


LOCAL = """
import secantfw


@secantfw.hookimpl
def secantfw_components(register):
    register.solver("verlet", "local_verlet:Verlet")


class Verlet(secantfw.Solver):
    order = 2
"""


def test_describe_takes_a_plugin_of_one_file(secantfw, tmp_path):
    file = tmp_path / "local_verlet.py"
    file.write_text(LOCAL)
    said = secantfw("describe", "solver:verlet", "--local", file)
    assert said.code == 0
    assert f"order: 2\nsource: {file}:10\n" in said.out
    assert 'use = "local_verlet:verlet"' in said.out


def test_doctor_finds_this_machine_fit(secantfw):
    said = secantfw("doctor", "--json")
    assert said.code == 0
    assert {f["level"] for f in json.loads(said.out)} <= {"ok", "note"}


@pytest.mark.parametrize("verb", ["sample", "evaluate", "report", "export"])
def test_a_verb_on_no_run_says_so(secantfw, tmp_path, verb):
    extra = ["--out", tmp_path / "x"] if verb in ("sample", "export") else []
    said = secantfw(verb, tmp_path, *extra)
    assert said.code == 2
    assert "not a run directory" in said.err
    assert list(tmp_path.iterdir()) == []
