"""compare.html: the tables with a chart each, in one file."""

from __future__ import annotations

import os

from secantfw.comparison.cells import failures, notes, text_tables
from secantfw.comparison.chart import number_chart
from secantfw.comparison.comparison import Comparison
from secantfw.reporting.facts import Fact
from secantfw.reporting.number_text import count
from secantfw.reporting.page import render_page


def page(comparison: Comparison) -> str:
    """The page as text."""
    runs = sum(len(group.runs) for group in comparison.groups)
    charts = [number_chart(n, table, comparison.keys) for n, table in enumerate(comparison.tables)]
    return render_page(
        "compare.html.j2",
        title=_title(comparison),
        byline=[count(runs, "run"), f"{count(len(comparison.groups), 'experiment')}"],
        tables=text_tables(comparison),
        charts=["", *charts],
        notes=notes(comparison),
        failures=failures(comparison),
        runs=_directories(comparison),
    )


def _title(comparison: Comparison) -> str:
    names = list(dict.fromkeys(group.name for group in comparison.groups))
    if len(names) > 3:
        names = [*names[:3], "..."]
    return ", ".join(names) + (f": {', '.join(comparison.keys[:3])}" if comparison.keys else "")


def _directories(comparison: Comparison) -> list[Fact]:
    found = [run.directory for group in comparison.groups for run in group.runs if run.directory]
    top = os.path.commonpath(found) if len(found) > 1 else ""
    runs = [
        Fact(
            f"{group.letter}, seed {run.seed}" if run.seed else group.letter,
            os.path.relpath(run.directory, top) if top else str(run.directory),
        )
        for group in comparison.groups
        for run in group.runs
        if run.directory is not None
    ]
    return [*([Fact("below", top)] if top else []), *runs]
