"""What plug-ins show in a report: their tables, drawings and sentences beside the core's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import attrs

from secantfw.discovery.calling import call, implementations
from secantfw.discovery.records import Plugins, cause
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.measured_row import Row
from secantfw.interfaces.report import (
    ReportCell,
    ReportedEvaluation,
    ReportedRow,
    ReportFigure,
    ReportNote,
    ReportPart,
    ReportTable,
)
from secantfw.reporting.headline import nfe_compared, subject_row
from secantfw.reporting.number_text import aligned, decimals
from secantfw.runtime.terminal import warn

_HOOK = "secantfw_report_sections"

T = TypeVar("T")


@attrs.frozen
class SectionTable:
    """A plug-in's table as it is written."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


@attrs.frozen
class Drawing:
    """A plug-in's figure as inline SVG."""

    svg: str
    caption: str


@attrs.frozen
class Sections:
    """Of all plug-ins, in the order of their names."""

    tables: tuple[SectionTable, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    notes: tuple[str, ...] = ()


def sections(evaluation: Evaluation | None, plugins: Plugins | None) -> Sections:
    """What the plug-ins make of an evaluation; one that fails is named, and its parts left out."""
    found = list(_said(evaluation, plugins, _written))
    return Sections(
        tuple(part for part in found if isinstance(part, SectionTable)),
        tuple(part for part in found if isinstance(part, Drawing)),
        tuple(part for part in found if isinstance(part, str)),
    )


def notes(evaluation: Evaluation | None, plugins: Plugins | None) -> tuple[str, ...]:
    """Their sentences alone; nothing is drawn."""
    return tuple(_said(evaluation, plugins, _sentences))


def _said(
    evaluation: Evaluation | None,
    plugins: Plugins | None,
    written: Callable[[Iterable[ReportPart]], Iterator[T]],
) -> Iterator[T]:
    if evaluation is None or not evaluation.rows or plugins is None:
        return
    reported = _reported(evaluation)
    for implementation in implementations(plugins, _HOOK):
        try:
            parts = call(plugins, implementation, _HOOK, evaluation=reported)
            made = list(written(parts or ()))
        except Exception as error:  # a report shows what there is
            name = implementation.plugin_name
            warn(f"plug-in {name!r}: {_HOOK}: {cause(error)}; left out")
        else:
            yield from made


def _sentences(parts: Iterable[ReportPart]) -> Iterator[str]:
    return (part.text for part in parts if isinstance(part, ReportNote))


def _reported(evaluation: Evaluation) -> ReportedEvaluation:
    at = nfe_compared(evaluation)
    compared, subject = evaluation.at(at), subject_row(evaluation, at)
    others = [row for row in evaluation.rows if not any(row is one for one in compared)]
    rows = [_row(row, True, row is subject) for row in compared]
    rows += [_row(row, False, False) for row in others]
    columns = {column.key: column.title for column in evaluation.columns}
    return ReportedEvaluation(at, columns, tuple(rows), evaluation.has_spread)


def _row(row: Row, compared: bool, subject: bool) -> ReportedRow:
    return ReportedRow(
        row.series.model, row.solver, row.nfe, row.details, row.measured, compared, subject
    )


def _written(parts: Iterable[ReportPart]) -> Iterator[SectionTable | Drawing | str]:
    for part in parts:
        if isinstance(part, ReportTable):
            yield _table(part)
        elif isinstance(part, ReportFigure):
            yield Drawing(_drawn(part), part.caption)
        elif isinstance(part, ReportNote):
            yield part.text
        else:
            raise TypeError(f"expected ReportTable, ReportFigure or ReportNote, got {part!r}")


def _table(table: ReportTable) -> SectionTable:
    cells = [cell for row in table.rows for cell in row]
    places = decimals(cell for cell in cells if isinstance(cell, float))
    rows = tuple(tuple(_cell(cell, places) for cell in row) for row in table.rows)
    return SectionTable(table.title, table.heads, rows, table.note)


def _cell(cell: ReportCell, places: int | None) -> str:
    """`0.41 (0.38 to 0.44)` of a number and an interval."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, tuple):
        value, low, high = (aligned(number, places) for number in cell)
        return f"{value} ({low} to {high})"
    return aligned(cell, places)


def _drawn(part: ReportFigure) -> str:
    from matplotlib.figure import Figure

    from secantfw.pictures.svg import chart_style, inline_svg

    with chart_style(part.name):
        figure = Figure(figsize=part.size, layout="constrained")
        part.draw(figure)
        return inline_svg(figure, part.name, part.description)
