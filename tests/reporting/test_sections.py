"""Parts of a report that plug-ins make: shown, or named and left out."""

import json

import pytest
from fake_run import evaluation, write_fake_run

import secantfw
from secantfw.load_plugins import load_plugins
from secantfw.reporting.report import write_report


class Shows:
    def __init__(self, *parts):
        self.parts = parts

    @secantfw.hookimpl
    def secantfw_report_sections(self, evaluation):
        self.seen = evaluation
        yield from self.parts


def page_with(run, plugin):
    plugins = load_plugins()
    plugins.manager.register(plugin, "shows")
    return write_report(run, plugins).read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path):
    return write_fake_run(tmp_path / "run")


def test_a_table_a_figure_and_a_sentence_have_their_places(run):
    table = secantfw.ReportTable(
        "Own <table>", ("name", "x", "95%"), (("a", 1.0, (2.0, 1.5, 2.5)), ("b", 10.25, "none")),
        note="a note",
    )  # fmt: skip
    figure = secantfw.ReportFigure(
        "own", "a line", lambda figure: figure.add_subplot().plot([0, 1]), caption="a caption"
    )
    text = page_with(run, Shows(table, figure, secantfw.ReportNote("Own sentence.")))
    assert "Own &lt;table&gt;" in text
    for said in ("10.25", "2.00 (1.50 to 2.50)", "a note", "a caption", 'aria-label="a line"'):
        assert said in text
    assert text.index("Own sentence.") < text.index('<section id="results">')


def test_it_is_told_which_rows_the_first_sentence_compares(run):
    shows = Shows()
    page_with(run, shows)
    seen = shows.seen
    assert seen.nfe == 4
    assert [(r.model, r.nfe) for r in seen.rows if r.subject] == [("student", 4)]
    assert {row.nfe for row in seen.rows if row.compared} == {4}
    assert next(iter(seen.columns)) == "frechet_distance"


@pytest.mark.parametrize("wrong", ["text", 3, secantfw.ReportFigure("x", "x", lambda f: 1 / 0)])
def test_one_that_fails_is_named_and_left_out(run, wrong, capsys):
    text = page_with(run, Shows(secantfw.ReportNote("Own sentence."), wrong))
    assert "Own sentence." not in text
    assert "plug-in 'shows': secantfw_report_sections:" in capsys.readouterr().err
    assert '<section id="results">' in text


def test_without_a_section_of_its_own_a_measurement_is_left_out(run):
    results = evaluation()
    results["rows"][0]["another"] = {"any": [1, 2]}
    (run / "evaluation.json").write_text(json.dumps(results))
    assert "another" not in page_with(run, Shows())
