"""`compare`: groups, spreads, bold only where earned, protocols apart, errors in the table."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from secantfw.cli.main import main
from secantfw.comparison.comparison import compare
from secantfw.comparison.run_record import read_compared
from secantfw.comparison.spread import Spread
from secantfw.comparison.write import comma_separated, markdown, write_comparison
from secantfw.errors import UserError

COLUMNS = [{"key": "fd", "title": "Frechet distance"}, {"key": "is", "title": "Score",
                                                        "lower_is_better": False}]  # fmt: skip


def write_run(
    folder: Path, loss="picard:sdei", seed=0, fd=1.0, samples=2048, teacher=2.0, status="finished",
    name="toy",
) -> Path:  # fmt: skip
    folder.mkdir(parents=True)
    options = "draws = 1\n" if loss == "picard:sdei" else ""
    (folder / "resolved.toml").write_text(
        f'schema = 1\nname = {json.dumps(name)}\ntitle = "{folder.name}"\nseed = {seed}\n'
        f'[loss]\nuse = "{loss}"\n{options}[train]\nsteps = 100\nbatch_size = 64\n'
        f"[evaluate]\nseed = {seed}\n[guidance]\nscale = 1.0\n"
    )
    rows = [
        {"model": "student", "solver": "secant", "steps": 4, "nfe": 4, "fd": fd, "is": fd},
        {"model": "teacher", "solver": "euler", "steps": 4, "nfe": 4, "fd": teacher},
    ]
    outcome = {"status": status, "step": 100, "message": "step 8: loss not finite"}
    evaluation = {"rows": rows, "columns": COLUMNS, "samples": samples}
    plan = {"evaluations_per_step": "3F 1B"}
    files = {"outcome": outcome, "plan": plan}
    for key, content in {**files, "evaluation": evaluation}.items():
        if key != "evaluation" or status == "finished":
            (folder / f"{key}.json").write_text(json.dumps(content))
    (folder / "metrics.jsonl").write_text('{"step": 100, "loss": 1, "evaluations": 3.0}\n')
    return folder


def compared(*folders, baseline=None):
    runs = [read_compared(folder) for folder in folders]
    return compare(runs, None if baseline is None else read_compared(baseline))


def rows_of(comparison):
    lines = csv.DictReader(comma_separated(comparison).splitlines())
    return {(line["group"], line["model"], line["metric"]): line for line in lines}


@pytest.fixture
def two(tmp_path):
    """sdei and stei under two seeds, far apart and the teacher between them."""
    values = {("picard:sdei", 0): 1.0, ("picard:sdei", 1): 1.2,
              ("picard:stei", 0): 3.0, ("picard:stei", 1): 3.1}  # fmt: skip
    return [
        write_run(tmp_path / f"{loss[-4:]}-{seed}", loss, seed, fd, teacher=2.0 + seed / 100)
        for (loss, seed), fd in values.items()
    ]


def test_seeds_are_one_group_and_only_what_was_changed_differs(two):
    found = compared(*two)
    assert [[run.seed for run in group.runs] for group in found.groups] == [["0", "1"]] * 2
    assert found.keys == ("loss.use",)  # not draws, which the other loss does not have


def test_mean_deviation_and_cost(two):
    row = rows_of(compared(*two))["A", "student", "fd"]
    assert float(row["mean"]) == pytest.approx(1.1)
    assert float(row["deviation"]) == pytest.approx(0.02**0.5)
    assert row["values"] == "1.0 1.2"
    assert (row["images"], row["training_evaluations"]) == ("6400", "19200.0")
    assert "| A | picard:sdei | student, secant | **1.10 ± 0.14** |" in markdown(compared(*two))


def test_a_teacher_that_all_share_stands_once(two):
    assert "| all |  | teacher, euler | 2.00 ± 0.01 |" in markdown(compared(*two))


def test_higher_is_better_where_the_metric_says_so(two):
    assert "| B | picard:stei | student, secant | **3.05 ± 0.07** |" in markdown(compared(*two))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [((1.0, 1.2), (1.3, 1.5), True), ((1.0, 1.2), (1.15, 1.3), False),
     ((1.0,), (9.0,), False), ((1.0,), (1.05, 1.45), False), ((1.0,), (1.4, 1.5), True),
     ((), (1.0, 1.1), False)],
)  # fmt: skip
def test_apart_means_further_than_the_spread_of_a_difference(one, other, apart):
    assert Spread(one).apart(Spread(other)) is Spread(other).apart(Spread(one)) is apart


def test_nothing_is_bold_within_the_spread_or_without_one(tmp_path):
    near = [write_run(tmp_path / f"n{i}", ("picard:sdei", "picard:stei")[i % 2], i // 2, fd)
            for i, fd in enumerate((1.0, 1.1, 1.2, 1.3))]  # fmt: skip
    text = markdown(compared(*near))
    assert "± " in text
    assert "| **" not in text
    alone = markdown(compared(*near[:2]))
    assert "| **" not in alone
    assert "the spread is not known" in alone


def test_two_protocols_never_share_a_table(tmp_path):
    runs = [write_run(tmp_path / "a", seed=0), write_run(tmp_path / "b", seed=1, samples=10000)]
    found = compared(*runs)
    assert [t.protocol.text() for t in found.tables if t.column.key == "fd"] == [
        "samples 2048",
        "samples 10000",
    ]
    assert all(len(n.spread.values) == 1 for t in found.tables for x in t.lines for n in x.cells)
    assert "Numbers that were measured differently" in markdown(found)


def test_a_stamp_counts_and_its_seeds_do_not(tmp_path):
    runs = [write_run(tmp_path / name, seed=n) for n, name in enumerate("abc")]
    for n, run in enumerate(runs):
        file = run / "evaluation.json"
        said = json.loads(file.read_text())
        said["stamps"] = {f"s{n}": {"metric": "fd", "seeds": [n], "compute_batch": 64 * (n == 2)}}
        for row in said["rows"]:
            row["stamps"] = {"fd": f"s{n}"}
        file.write_text(json.dumps(said))
    found = [t for t in compared(*runs).tables if t.column.key == "fd"]
    assert [t.protocol.text() for t in found] == ["compute_batch 0", "compute_batch 64"]
    assert [len(t.lines[0].cells[0].spread.values) for t in found] == [2, 1]


def test_the_baseline_comes_first_and_the_others_are_divided_by_it(two):
    found = compared(*two[:2], baseline=two[2])
    assert found.groups[0].settings["loss.use"] == '"picard:stei"'
    assert "1.10 ± 0.14 (0.37x)" in markdown(found)
    assert len([run for group in found.groups for run in group.runs]) == 3


def test_a_run_that_failed_is_in_the_table_with_its_error(two, tmp_path):
    bad = write_run(tmp_path / "bad", "picard:stee", status="failed")
    text = markdown(compared(*two, bad))
    assert "| 0 of 1 |" in text
    assert "- C toy, seed 0: step 8: loss not finite" in text


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_hostile_text_is_escaped_everywhere(tmp_path):
    hostile = '<script>alert(1)</script>|**"&'
    runs = [write_run(tmp_path / f"r{n}", seed=n, name=hostile) for n in (0, 1)]
    runs.append(write_run(tmp_path / "s", "picard:stei", name="plain"))
    write_comparison(compared(*runs), tmp_path / "out")
    page = (tmp_path / "out" / "compare.html").read_text()
    assert not {"script", "img"} & set(Tags(page).tags)
    assert "&lt;script&gt;" in page
    said = (tmp_path / "out" / "compare.md").read_text()
    assert r"\<script\>alert(1)\</script\>\|\*\*" in said


def test_the_verb_takes_folders_and_writes_three_files(two, tmp_path, capsys):
    assert main(["compare", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "Frechet distance" in said
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["compare.csv", "compare.html", "compare.md"]


def test_what_is_no_run_is_named(tmp_path, capsys):
    assert main(["compare", str(tmp_path / "nowhere")]) == 2
    assert "not a run directory" in capsys.readouterr().err
    with pytest.raises(UserError):
        read_compared(tmp_path)


@pytest.mark.parametrize("broken", [0.0, None])
def test_a_distance_of_0_or_none_is_never_the_best(tmp_path, broken):
    folders = [
        write_run(tmp_path / f"{loss}-{seed}", f"picard:{loss}", seed, fd, teacher=5.0 + seed)
        for loss, fd in (("sdei", broken), ("stei", 3.0))
        for seed in (0, 1)
    ]
    table = compared(*folders).tables[0]
    best = {line.groups[0].letter for line in table.lines if line.cells[0].best}
    assert len(best) == 1
    (letter,) = best
    (line,) = (line for line in table.lines if line.groups[0].letter == letter)
    assert line.cells[0].spread.mean == 3.0
