"""report.html: one file that shows a run, made from the run directory and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from secantfw.discovery.bibliography import paper, titles
from secantfw.discovery.records import Plugins
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.measured_row import Row, best_row
from secantfw.pictures.palette import Look, looks
from secantfw.pictures.series import Series
from secantfw.reporting import facts
from secantfw.reporting.evaluation_chart import evaluation_chart
from secantfw.reporting.headline import headline
from secantfw.reporting.number_text import count, number
from secantfw.reporting.page import render_page
from secantfw.reporting.run_files import RunFiles, read_run
from secantfw.reporting.sections import sections
from secantfw.reporting.table import OFF_GRID_NOTE, layout
from secantfw.reporting.training_chart import training_chart
from secantfw.runtime.files import write_text
from secantfw.runtime.writing import unwritable_said

#: The scalars every run logs, with what they are called on an axis.
_TRAINING_CURVES = {"loss": "loss", "grad_norm": "gradient norm"}


def write_report(run: Path, plugins: Plugins | None = None) -> Path:
    """Write `run`/report.html from the files in `run`; the same files give the same bytes.

    `plugins` may show more of an evaluation (`secantfw_report_sections`).

    Raises:
        UserError: no such directory, or a file in it that cannot be read as what it is; a disk
            that is full or read-only.
    """
    page = render_report(read_run(run), plugins)
    report = run / "report.html"
    with unwritable_said(report):
        write_text(report, page)
    return report


def render_report(run: RunFiles, plugins: Plugins | None = None) -> str:
    """The page as text."""
    found = run.evaluation
    shown = found if found is not None and found.rows else None
    gallery_series = set(run.gallery.series)
    everything = {*gallery_series, *(shown.series if shown else ())}
    said, more = headline(shown), sections(shown, plugins)
    look_of = looks(sorted(everything, key=lambda series: series.rank))
    return render_page(
        "report.html.j2",
        run=run,
        headline=said.sentence,
        context=" ".join(filter(None, [said.context, *more.notes])),
        byline=facts.byline(run),
        warning=facts.warning(run),
        table=layout(shown) if shown else None,
        off_grid_note=OFF_GRID_NOTE,
        protocol=_protocol(shown) if shown else [],
        sections=more,
        captions=_captions(shown) if shown else {},
        looks=look_of,
        charts=_charts(shown, look_of) if shown else [],
        curves=_curves(run),
        spent=facts.spent(run),
        protocols=facts.protocols(shown) if shown else [],
        components=facts.components(run),
        plan=facts.plan_facts(run),
        environment=facts.environment_facts(run),
        citations=_citations(run),
    )


def _charts(evaluation: Evaluation, look_of: dict[Series, Look]) -> list[str]:
    drawn = (evaluation_chart(evaluation, column, look_of) for column in evaluation.columns)
    return [chart for chart in drawn if chart is not None]


def _curves(run: RunFiles) -> list[str]:
    drawn: list[str] = []
    for key, label in _TRAINING_CURVES.items():
        curve = run.log.curve(key)
        chart = training_chart(curve, label) if curve else None
        if chart is not None:
            drawn.append(chart)
    return drawn


def _protocol(evaluation: Evaluation) -> list[str]:
    """What the numbers of the table depend on."""
    parts = []
    if evaluation.samples is not None:
        parts.append(f"{count(evaluation.samples, 'sample')} a row")
    if evaluation.reference:
        parts.append(f"reference: {evaluation.reference}")
    if len(evaluation.seeds) > 1:
        numbers = ", ".join(map(str, evaluation.seeds))
        parts.append(f"mean ± standard deviation over seeds {numbers}")
    elif evaluation.seeds:
        parts.append(f"seed: {evaluation.seeds[0]}")
    said = {"weights": evaluation.weights, "overrides": evaluation.overrides, **evaluation.others}
    return [*parts, *(f"{key.replace('_', ' ')}: {value}" for key, value in said.items() if value)]


def _captions(evaluation: Evaluation) -> dict[tuple[Series, int], str]:
    """The headline metric under each sample grid; of the baselines the grid is the best one's."""
    column = evaluation.columns[0] if evaluation.columns else None
    if column is None:
        return {}
    tuned: dict[float, list[Row]] = {}
    for row in evaluation.rows:
        if row.baseline:
            tuned.setdefault(row.nfe, []).append(row)
    best = (best_row(rows, column) for rows in tuned.values())
    shown = [row for row in evaluation.rows if not row.baseline]
    shown += [row for row in best if row is not None]
    return {
        (row.series, int(row.nfe)): f"{column.title} {number(row.values.get(column.key))}"
        for row in shown
    }


def _citations(run: RunFiles) -> list[dict[str, str]]:
    """Titles as far as the run's BibTeX has them; an address only for an arXiv number alone."""
    known = titles(run.references)
    found = []
    for text in facts.citations(run):
        match = re.fullmatch(r"arXiv:(\d{4}\.\d{4,5})", text)
        href = f"https://arxiv.org/abs/{match[1]}" if match else ""
        found.append({"title": known.get(paper(text), ""), "text": text, "href": href})
    return found
