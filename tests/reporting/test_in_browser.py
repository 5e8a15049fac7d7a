"""In a real browser: no request leaves a page, no error in its console, no sideways scrolling."""

from __future__ import annotations

import pytest
from browser import WIDTHS, browser, chromium
from fake_run import evaluation, write_fake_run

from secantfw.comparison.comparison import compare
from secantfw.comparison.run_record import read_compared
from secantfw.comparison.write import write_comparison
from secantfw.reporting.report import write_report

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A report with everything in it, and a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    edges = [0.0, 0.5, 1.0]
    results = evaluation()
    results["rows"][0]["secant_error"] = {
        "t_edges": edges, "s_edges": edges, "error": [[0.1, None], [0.2, 0.3]], "mean": 0.2,
    }  # fmt: skip
    runs = [
        write_fake_run(folder / f"run-{seed}", results=results, resolved=f"seed = {seed}\n")
        for seed in (0, 1)
    ]
    found = compare([read_compared(run) for run in runs])
    write_comparison(found, folder)
    return [write_report(runs[0]), folder / "compare.html"]


def test_a_page_asks_for_nothing_says_nothing_and_fits_every_screen(pages):
    with browser() as tab:
        for page in pages:
            tab.requests.clear()
            tab.visit(page.as_uri())
            for width in WIDTHS:
                for dark in (False, True):
                    assert tab.look(width, dark) <= width, (page.name, width)
            outside = [a for a in tab.requests if not a.startswith("data:")]
            assert outside == [page.as_uri()]
            colour = tab.measure("getComputedStyle(document.body).backgroundColor")
            assert colour == "rgb(22, 22, 24)"
        assert tab.complaints == []
