"""Samples by number, whatever draws them; an evaluation that is killed goes on; stamps."""

import json
from pathlib import Path

import numpy as np
import pytest

from secantfw.evaluation.stamp import differences, stamp_of
from secantfw.runtime.lock import locked

GMM = Path(__file__).parents[2] / "experiments" / "gmm_picard.toml"
SHORT = (
    "dataset.labels=true", "teacher.labels=true", "backbone.width=16", "train.steps=4",
    "train.warmup_steps=2", "train.batch_size=8", "evaluate.samples=70", "evaluate.batch_size=32",
    "evaluate.nfe=[1,2]", "evaluate.reference_steps=2", "guidance.label_dropout=0.1",
    'metrics.use=[{use="frechet",features="identity"},"trajectory",{use="secant_error",bins=3,per_bin=4}]',
)  # fmt: skip

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from secantfw.cli.main import main

    out = tmp_path_factory.mktemp("runs")
    assert main(["run", str(GMM), *SHORT, "--out", str(out)]) == 0
    (found,) = out.glob("gmm_picard/*")
    return found


def samples(secantfw, run, out, *options):
    said = secantfw("sample", run, "--count", 70, "--steps", 2, "--out", out, *options)
    assert said.code == 0, said.err
    assert [p.name for p in out.iterdir()] == ["samples.npy"]
    return np.load(out / "samples.npy")


@pytest.mark.plugin("solvers")
@pytest.mark.parametrize("solver", ["secant", "euler_maruyama"])
def test_sample_k_is_the_same_bit_for_bit(run, secantfw, tmp_path, solver):
    """In batches of 1, 7 and 64, in two parts, and where fewer are asked for."""
    use = f'solver.use="{solver}"'
    whole = samples(secantfw, run, tmp_path / "64", use, "--batch-size", 64)
    assert whole.shape == (70, 2)
    assert len(np.unique(whole)) == whole.size
    for size in (1, 7):
        found = samples(secantfw, run, tmp_path / str(size), use, "--batch-size", size)
        assert np.array_equal(found, whole)
    samples(secantfw, run, tmp_path / "parts", use, "--shard", "1/2")
    found = samples(secantfw, run, tmp_path / "parts", use, "--shard", "0/2")
    assert np.array_equal(found, whole)
    said = secantfw("sample", run, use, "--count", 5, "--steps", 2, "--out", tmp_path / "5")
    assert said.code == 0
    assert np.array_equal(np.load(tmp_path / "5" / "samples.npy"), whole[:5])


def test_two_processes_draw_the_same_samples(run, secantfw, tmp_path):
    whole = samples(secantfw, run, tmp_path / "one")
    assert np.array_equal(samples(secantfw, run, tmp_path / "two", "--processes", 2), whole)
    refused = secantfw("sample", run, "--processes", 2, "--shard", "0/2", "--out", tmp_path / "x")
    assert refused.code == 2
    assert secantfw("sample", run, "--shard", "2/2", "--out", tmp_path / "x").code == 2


SWEEP = ("--guidance", "1.0,2.0", "--seeds", "0,1")


def test_an_evaluation_that_is_killed_goes_on(run, secantfw, monkeypatch):
    """Its rows are kept and not measured again, and the file is that of an undisturbed one."""
    from secantfw.evaluation.row_measurement import RowMeasurement

    assert secantfw("evaluate", run, *SWEEP).code == 0
    undisturbed = (run / "evaluation.json").read_text()
    pictures = sorted(p.name for p in (run / "samples").iterdir())
    assert not (run / ".evaluation").exists()
    measure, measured = RowMeasurement.row, []

    def stopped(self, row):
        if len(measured) == 5:
            raise KeyboardInterrupt
        measured.append(row.name)
        return measure(self, row)

    monkeypatch.setattr(RowMeasurement, "row", stopped)
    assert secantfw("evaluate", run, *SWEEP).code == 130
    assert (run / "evaluation.json").read_text() == undisturbed
    first = list(measured)
    measured[:] = []
    monkeypatch.setattr(
        RowMeasurement, "row", lambda s, r: (measured.append(r.name), measure(s, r))[1]
    )
    assert secantfw("evaluate", run, *SWEEP).code == 0
    assert len(first) == 5
    assert not set(first) & set(measured)
    assert (run / "evaluation.json").read_text() == undisturbed
    assert sorted(p.name for p in (run / "samples").iterdir()) == pictures
    assert not (run / ".evaluation").exists()


def test_rows_made_in_parts_are_the_same_and_not_made_again(run, secantfw, monkeypatch):
    assert secantfw("evaluate", run, *SWEEP).code == 0
    whole = (run / "evaluation.json").read_text()
    for shard in ("0/2", "1/2"):
        assert secantfw("evaluate", run, *SWEEP, "--shard", shard).code == 0
    for maker in ("drawn_blocks.draw", "teacher_ends.draw", "secant_pairs.Pairs._made"):
        monkeypatch.setattr(f"secantfw.evaluation.{maker}", None)  # it is not called
    assert secantfw("evaluate", run, *SWEEP).code == 0
    assert (run / "evaluation.json").read_text() == whole


def test_the_file_says_what_was_measured(run, secantfw):
    assert secantfw("evaluate", run, *SWEEP).code == 0
    found = json.loads((run / "evaluation.json").read_text())
    assert found["seeds"] == [0, 1]
    rows = {(r["model"], r["solver"], r["guidance"], r["nfe"]): r for r in found["rows"]}
    # secant and euler in 1 and 2 steps, guided in 1 of two rows; heun, whose 1 step is Euler's
    assert len(rows) == len(found["rows"]) == 2 * (2 + 1) + 2
    plain, guided = (rows["teacher", "euler", w, 2] for w in (1.0, 2.0))
    key = "frechet_distance"
    assert plain[key] != guided[key]
    assert len(set(plain["by_seed"][key])) == 2
    assert plain[key] == pytest.approx(sum(plain["by_seed"][key]) / 2)
    stamps = [stamp_of(found, row, key) for row in (plain, guided)]
    assert [d.field for d in differences(*stamps)] == ["guidance"]
    assert (stamps[0].samples, stamps[0].seeds, stamps[0].compute_batch) == (70, (0, 1), 64)
    assert stamps[0].features == "identity"
    assert len(stamps[0].reference_sha256) == 64
    assert differences(stamps[0], stamp_of(found, rows["student", "secant", 1.0, 2], key)) == ()
    truth = "teacher, basics:midpoint, error at most 1e-05"
    assert stamp_of(found, plain, "trajectory_mse").truth == truth
    assert found["reference"].startswith("teacher, basics:midpoint, w=1: ")
    (first, second) = found["references"]
    assert (first["guidance"], second["guidance"], first["tolerance"]) == (1.0, 2.0, 1e-5)
    assert first["error"] < 1e-5
    grids = [row["secant_error"] for row in found["rows"] if "secant_error" in row]
    assert len(grids) == 2  # one for each guidance scale
    assert grids[0]["t_edges"] == [0, 1 / 3, 2 / 3, 1]
    assert [[e is None for e in row] for row in grids[0]["error"]] == [
        [False, True, True],
        [False, False, True],
        [False, False, False],
    ]


def test_a_solver_stands_twice_with_different_options(run, secantfw):
    """Its rows have a label, in the file, the pictures' names, the report and a comparison."""
    twice = 'evaluate.solvers=["euler","secant",{use="secant",spacing="logit_normal",mean=0.7}]'
    assert secantfw("evaluate", run, twice, "evaluate.picture=4").code == 0
    rows = json.loads((run / "evaluation.json").read_text())["rows"]
    found = {(r["model"], r["solver"], r.get("label")): r for r in rows if r["nfe"] == 2}
    other = "logit_normal (mean 0.7, std 1)"
    assert set(found) == {
        ("student", "secant", None),
        ("student", "secant", other),
        ("teacher", "euler", None),
    }
    plain, spaced = (found["student", "secant", x] for x in (None, other))
    assert plain["frechet_distance"] != spaced["frechet_distance"]
    shown = secantfw("report", run)
    assert shown.code == 0
    for text in ((run / "report.html").read_text(), secantfw("compare", run, run).out):
        assert f"secant {other}" in text


def test_guidance_that_cannot_be_is_refused(run, secantfw):
    said = secantfw("evaluate", run, "--guidance", "1,1")
    assert said.code == 2
    assert "evaluate.guidance: 1.0 is given twice" in said.err
    said = secantfw("evaluate", run, "--guidance", "1", "evaluate.guidance=[2]")
    assert said.code == 2
    assert "set one key" in said.err


def test_precision_changes_the_samples_and_is_in_the_stamp(run, secantfw):
    """But not the reference solution that they are compared with."""
    found = {}
    for precision in ("fp32", "bf16"):
        said = secantfw("evaluate", run, f"evaluate.precision={precision}")
        assert said.code == 0, said.err
        found[precision] = json.loads((run / "evaluation.json").read_text())
    exact, rough = found["fp32"], found["bf16"]
    assert exact["references"] == rough["references"]
    key = "trajectory_mse"
    for a, b in zip(exact["rows"], rough["rows"], strict=True):
        said = differences(stamp_of(exact, a, key), stamp_of(rough, b, key))
        assert [d.field for d in said] == ["precision"]
        if a["model"] == "student":  # the teacher in closed form multiplies no matrices
            assert a[key] != b[key]
            assert a[key] == pytest.approx(b[key], rel=0.2)


def test_without_held_out_data_there_is_no_row_of_it_and_one_line_says_so(secantfw, tmp_path):
    said = secantfw("run", GMM, *SHORT, "dataset.held_out=0", "--out", tmp_path)
    assert said.code == 0, said.err
    assert said.err.count("no held-out data") == 1
    assert "real data" not in said.out
    (file,) = tmp_path.glob("*/*/evaluation.json")
    found = json.loads(file.read_text())
    assert [column["floor"] for column in found["columns"]] == [None, None]


def test_a_run_that_another_process_holds_is_not_evaluated(run, secantfw):
    before = (run / "evaluation.json").read_bytes()
    with locked(run):
        said = secantfw("evaluate", run)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "in use by" in said.err
    assert (run / "evaluation.json").read_bytes() == before
