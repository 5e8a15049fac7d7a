"""report.html: everything of a run on one page, and nothing from anywhere else."""

import json
import re
from html.parser import HTMLParser

import pytest
from fake_run import BOTH, ENVIRONMENT, PLAN, evaluation, rows, write_fake_run

from secantfw.errors import UserError
from secantfw.load_plugins import load_plugins
from secantfw.reporting.report import write_report

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> & \"quoted\" 'single'"


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of each table cell."""

    VOID = frozenset(("meta", "img", "br", "link", "hr", "input"))

    def __init__(self, text):
        super().__init__()
        self.elements, self.cells, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "td":
            self.cells.append(["", dict(attrs)])

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.cells[-1][0] += data


def page_of(run):
    return write_report(run, load_plugins()).read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path):
    return write_fake_run(tmp_path / "run")


def test_every_element_that_is_opened_is_closed(run):
    assert Page(page_of(run)).open == []


def test_every_number_of_the_evaluation_is_in_the_table(run):
    exact = {a["title"] for _, a in Page(page_of(run)).cells if "title" in a}
    for row in evaluation()["rows"]:
        assert {str(row["frechet_distance"]), str(row["trajectory_mse"])} <= exact
    assert "0.15" in exact


def test_hostile_text_is_shown_and_never_run(tmp_path):
    results = evaluation(reference=HOSTILE, rows=rows({(HOSTILE, HOSTILE): {4: 1.0, 8: 0.5}}))
    results["columns"][0]["title"] = HOSTILE
    component = {"kind": HOSTILE, "name": HOSTILE, "summary": HOSTILE, "parameters": None}
    plan = {**PLAN, "title": HOSTILE, "cite": [HOSTILE], "components": [component]}
    environment = {**ENVIRONMENT, "argv": [HOSTILE], "platform": HOSTILE}
    run = write_fake_run(tmp_path / "run", plan, environment, results, HOSTILE)
    text = page_of(run)
    tags = [tag for tag, _ in Page(text).elements]
    assert "script" not in tags
    assert not any("onerror" in attributes for _, attributes in Page(text).elements)
    assert "&lt;script&gt;alert(1)" in text


def test_nothing_is_loaded_from_outside(run):
    text = page_of(run)
    for tag, attributes in Page(text).elements:
        if tag == "link":  # or a browser would ask the server for an icon
            assert attributes == {"rel": "icon", "href": "data:,"}
            continue
        assert tag not in ("script", "iframe", "object", "embed")
        for name in ("src", "srcset", "data", "xlink:href"):
            assert attributes.get(name, "data:").startswith("data:")
        if tag != "a":
            assert attributes.get("href", "#").startswith("#")
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []
    addresses = set(re.findall(r"https?://[^\"'<\s]*", text))
    assert addresses == {"https://arxiv.org/abs/2505.14502"}
    assert "default-src 'none'" in text


def test_ids_are_unique_and_every_reference_finds_its_id(run):
    elements = Page(page_of(run)).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in elements:
        if tag == "use":
            assert attributes["href"].removeprefix("#") in ids


def test_the_same_files_give_the_same_bytes(run):
    assert page_of(run) == page_of(run)
    assert [file.name for file in run.iterdir() if file.suffix == ".tmp"] == []


def test_parts_stand_in_reading_order(run):
    text = page_of(run)
    order = ["results", "samples", "charts", "training", "plan", "environment", "experiment"]
    places = [text.index(f'<section id="{name}">') for name in [*order, "cite"]]
    assert places == sorted(places)


def test_grids_of_one_model_stand_side_by_side_with_the_student_first(run):
    names = [a["alt"] for tag, a in Page(page_of(run)).elements if tag == "img"]
    assert names[:5] == [
        "samples: student, secant, 1 NFE",
        "samples: student, secant, 2 NFE",
        "samples: student, secant, 4 NFE",
        "samples: student, secant, 8 NFE",
        "samples: teacher, euler, 1 NFE",
    ]


@pytest.mark.plugin("fid")
def test_stamps_secant_errors_memory_and_bibtex_have_a_place(run):
    results = evaluation()
    results["stamps"] = {"ab12": {"metric": "frechet_distance", "features": "inception & co"}}
    results["rows"][0]["stamps"] = {"frechet_distance": "ab12"}
    edges = [0.0, 0.5, 1.0]
    error = {"t_edges": edges, "s_edges": edges, "error": [[0.1, None], [0.2, 0.3]], "mean": 0.2}
    results["rows"][0]["secant_error"] = error
    (run / "evaluation.json").write_text(json.dumps(results))
    outcome = json.loads((run / "outcome.json").read_text())
    (run / "outcome.json").write_text(json.dumps({**outcome, "peak_memory_bytes": 3 << 29}))
    (run / "references.bib").write_text("@misc{<b>,\n}")
    text = page_of(run)
    for said in ("inception &amp; co", "1.50 GiB", "@misc{&lt;b&gt;,", "0.2 on average"):
        assert said in text
    assert 'aria-label="secant error over t and s"' in text
    assert Page(text).open == []


@pytest.mark.parametrize("grid", [{}, {"t_edges": [0], "s_edges": [], "error": [[1]]}, 3])
def test_a_secant_error_that_is_none_is_left_out(run, grid):
    results = evaluation()
    results["rows"][0]["secant_error"] = grid
    (run / "evaluation.json").write_text(json.dumps(results))
    assert "secant error" not in page_of(run)


def test_a_directory_with_nothing_but_the_experiment_still_gives_a_report(tmp_path):
    (tmp_path / "resolved.toml").write_text("schema = 1\n")
    text = page_of(tmp_path)
    assert "This run was not evaluated." in text
    assert "schema = 1" in text


@pytest.mark.parametrize(
    "name",
    ["outcome.json", "evaluation.json", "metrics.jsonl", "plan.json", "environment.json"],
)
def test_any_one_file_may_be_absent(run, name):
    (run / name).unlink()
    assert Page(page_of(run)).open == []


def test_an_empty_evaluation_is_said_to_be_none(tmp_path):
    results = {"rows": [], "samples": 0, "floor": None, "columns": []}
    text = page_of(write_fake_run(tmp_path / "run", results=results))
    assert "This run was not evaluated." in text


def test_not_a_number_is_shown_as_such(tmp_path):
    results = evaluation(rows=rows(BOTH))
    for row in results["rows"]:
        if row["model"] == "student":
            row["frechet_distance"] = float("nan")
    page = Page(page_of(write_fake_run(tmp_path / "run", results=results)))
    assert [text for text, a in page.cells if a.get("title") == "nan"] == [
        "NaN"
    ] * 14  # euler's and heun's largest grids stand in the last column too


def test_a_run_that_did_not_finish_says_so(run):
    outcome = {"status": "failed", "step": 7, "message": "step 8: loss not finite"}
    (run / "outcome.json").write_text(json.dumps(outcome))
    assert "This run did not finish: failed (step 8: loss not finite)." in page_of(run)


def test_a_log_cut_short_or_written_twice_is_read_step_by_step(run):
    log = run / "metrics.jsonl"
    log.write_text(log.read_text() + '{"step": 300, "loss": 0.5}\n{"step": 305, "lo')
    assert 'aria-label="loss over training steps"' in page_of(run)


def test_a_file_that_is_not_what_its_name_says_is_named(run):
    (run / "evaluation.json").write_text("{not json")
    with pytest.raises(UserError, match=r"evaluation\.json: not JSON"):
        write_report(run)
    (run / "evaluation.json").write_text('{"rows": [3]}')
    with pytest.raises(UserError, match=r"evaluation\.json: not an evaluation"):
        write_report(run)


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(UserError, match="no such directory"):
        write_report(tmp_path / "nowhere")


def test_a_half_written_picture_is_left_out(run):
    (run / "samples" / "student-secant-016.png").write_bytes(b"\x89PNG")
    assert "student, secant, 16" not in page_of(run)


@pytest.mark.plugin("fid")
def test_a_number_of_few_samples_is_shown_at_fewer_still_and_extrapolated(run):
    results = evaluation()
    curve = {
        "samples": [512, 1024, 2048], "values": [1.8, 1.4, 1.2],
        "limit": 1.0, "interval": [0.9, 1.1],
    }  # fmt: skip
    broken = {"samples": [512], "values": [None], "limit": 1.0}
    for row, one in zip(results["rows"], (curve, curve, curve, broken), strict=False):
        row["details"] = {"frechet_distance": {"finite_samples": one}}
    (run / "evaluation.json").write_text(json.dumps(results))
    text = page_of(run)
    assert "Frechet distance of fewer samples" in text
    assert Page(text).open == []
    cells = [cell for cell, _ in Page(text).cells]
    at = cells.index("1.80")
    assert cells[at - 1 : at + 4] == [
        "student, secant",
        "1.80",
        "1.40",
        "1.20",
        "1.00 (0.90 to 1.10)",
    ]
    assert "∞ (95%)" in text
    assert "extrapolated to infinitely many it is 1.00 (95%: 0.900 to 1.10)." in text
    del curve["limit"]
    (run / "evaluation.json").write_text(json.dumps(results))
    assert "Frechet distance of fewer samples" in page_of(run)
    assert "∞" not in page_of(run)
    assert "infinitely" not in page_of(run)


def test_several_seeds_are_named_and_a_lone_point_is_no_chart(run):
    results = evaluation(seeds=[0, 1, 2])
    (run / "evaluation.json").write_text(json.dumps(results))
    (run / "metrics.jsonl").write_text('{"step": 20, "loss": 0.1}\n')
    text = page_of(run)
    assert "mean ± standard deviation over seeds 0, 1, 2" in text
    assert "seed: 1000" not in text
    assert "loss over training steps" not in text


def test_a_citation_has_the_title_of_its_bibtex(run):
    (run / "references.bib").write_text(
        "@misc{a,\n  title = {Learning {ODEs}: <b>},\n  year = {2025},\n"
        "  eprint = {2505.14502}\n}\n"
    )
    assert '<li>Learning ODEs: &lt;b&gt; (2025), <a href="https://arxiv.org' in page_of(run)


def test_plugins_of_one_distribution_stand_together(run):
    found = [{"name": n, "distribution": "secantfw 0.1.0"} for n in ("basics", "data")]
    environment = {**ENVIRONMENT, "plugins": [*found, {"name": "huber", "distribution": "h 1"}]}
    (run / "environment.json").write_text(json.dumps(environment))
    assert "basics, data (secantfw 0.1.0); huber (h 1)" in page_of(run)


@pytest.mark.filterwarnings("error")
def test_deviations_larger_than_their_numbers_spoil_no_chart(run):
    results = evaluation()
    for row in results["rows"]:
        row["deviations"] = {"frechet_distance": 20.0, "trajectory_mse": 0.01}
    (run / "evaluation.json").write_text(json.dumps(results))
    text = page_of(run)
    assert text.count("against NFE</") + text.count('against NFE"') == 2
    assert "where it differs from every other by more than their spread" in text
