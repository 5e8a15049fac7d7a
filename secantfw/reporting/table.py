"""The one table of a run: grouped by evaluations, the student beside the teacher.

`layout` says what stands where; the terminal, Markdown and HTML only differ in how they draw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from secantfw.reporting.evaluation_rows import Column, Evaluation, Row, best_row
from secantfw.reporting.number_text import NOT_MEASURED, aligned, count, decimals, mean_text
from secantfw.reporting.read_evaluation import read_evaluation

if TYPE_CHECKING:
    from rich.table import Table

FLOOR_LABEL = "held-out data"


@attrs.frozen
class Cell:
    """One number as written, whether it is the best of its group, and the number itself."""

    text: str
    best: bool = False
    exact: float | None = None


@attrs.frozen
class Line:
    """One solver at one number of evaluations: a cell per metric and model."""

    evaluations: int
    name: str  # the solver; "student, secant" where models are not columns
    cells: tuple[Cell, ...]
    opens_group: bool


@attrs.frozen
class Layout:
    """`columns` x `models` heads over `lines`; `floor` the closing line, empty without a floor.

    Models stand side by side where one solver serves two of them; where none does, `models` is
    empty, a line is a model under a solver, and no half of the table is blank.
    """

    columns: tuple[Column, ...]
    models: tuple[str, ...]
    lines: tuple[Line, ...]
    floor: tuple[Cell, ...]


def layout(evaluation: Evaluation) -> Layout:
    """What the table shows, row by row."""
    places = {
        column.key: decimals(row.values.get(column.key) for row in evaluation.rows)
        for column in evaluation.columns
    }
    lines = [line for n in evaluation.counts() for line in _group(evaluation, n, places)]
    floor: tuple[Cell, ...] = ()
    if any(column.floor is not None for column in evaluation.columns):
        floor = tuple(_floor_cell(column, places[column.key]) for column in evaluation.columns)
    return Layout(evaluation.columns, _models_beside(evaluation), tuple(lines), floor)


def _models_beside(evaluation: Evaluation) -> tuple[str, ...]:
    solvers = [series.solver for series in evaluation.series]
    return evaluation.models if len(set(solvers)) < len(solvers) else ()


def _floor_cell(column: Column, places: int | None) -> Cell:
    if column.floor is None:
        return Cell("")
    return Cell(aligned(column.floor, places), exact=column.floor)


def _group(
    evaluation: Evaluation, evaluations: int, places: Mapping[str, int | None]
) -> list[Line]:
    rows = evaluation.at(evaluations)
    winners = {column.key: _winner(rows, column) for column in evaluation.columns}
    lines: list[Line] = []
    beside = _models_beside(evaluation)
    for pair in _side_by_side(rows) if beside else [{"": row} for row in rows]:
        cells = tuple(
            _cell(pair.get(model), column, winners[column.key], places)
            for column in evaluation.columns
            for model in beside or ("",)
        )
        first = next(iter(pair.values()))
        name = first.series.solver if beside else str(first.series)
        lines.append(Line(evaluations, name + _steps(first), cells, opens_group=not lines))
    return lines


def _winner(rows: Sequence[Row], column: Column) -> Row | None:
    """The best row; over several seeds, where no other is as good but for their spread."""
    best = best_row(rows, column)
    if best is None or len(rows) == 1:  # the best of one is no news
        return None
    if not any(column.key in row.deviations for row in rows):
        return best
    others = (row for row in rows if row is not best and row.finite(column) is not None)
    return best if all(best.apart(row, column) for row in others) else None


def _side_by_side(rows: Sequence[Row]) -> list[dict[str, Row]]:
    """Rows of one group, one entry per solver with its rows by model.

    A second row of the same model and solver (another option of it) opens an entry of its own.
    """
    pairs: list[tuple[str, dict[str, Row]]] = []
    for row in sorted(rows, key=lambda row: row.series.rank[1:]):
        model = row.series.model
        free = (p for name, p in pairs if name == row.series.solver and model not in p)
        pair = next(free, None)
        if pair is None:
            pair = {}
            pairs.append((row.series.solver, pair))
        pair[model] = row
    return [pair for _, pair in pairs]


def _steps(row: Row) -> str:
    """The number of steps where it is not the number of evaluations."""
    return "" if row.steps in (0, row.evaluations) else f" ({count(row.steps, 'step')})"


def _cell(
    row: Row | None, column: Column, winner: Row | None, places: Mapping[str, int | None]
) -> Cell:
    if row is None or column.key not in row.values:
        return Cell(NOT_MEASURED)
    value = row.values[column.key]
    best = winner is not None and row.finite(column) == winner.finite(column)
    text = mean_text(value, row.deviations.get(column.key), places[column.key])
    return Cell(text, best, value)


def evaluation_table(evaluation: Mapping[str, Any]) -> Table:
    """evaluation.json as a table for the terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = layout(read_evaluation(evaluation))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("evaluations", justify="right", overflow="fold")
    table.add_column("solver" if shown.models else "model, solver", overflow="fold", min_width=8)
    widths = [max(map(len, " ".join(texts).split())) for texts in _columns_of_text(shown)]
    for head, width in zip(_heads(shown, "\n"), widths, strict=True):
        # On a narrow terminal a head is broken in two, a number never.
        table.add_column(Text(head), justify="right", overflow="fold", min_width=width)
    for line in shown.lines:
        cells = [Text(cell.text, style="bold green" if cell.best else "") for cell in line.cells]
        if line.opens_group and table.row_count:
            table.add_section()
        table.add_row(str(line.evaluations) if line.opens_group else "", Text(line.name), *cells)
    if shown.floor:
        table.add_section()
        table.add_row("", Text(FLOOR_LABEL, style="dim"), *(Text(t) for t in _floor(shown)))
    return table


def _columns_of_text(shown: Layout) -> Iterator[list[str]]:
    """The numbers of each column."""
    for n in range(len(shown.lines[0].cells) if shown.lines else 0):
        yield [line.cells[n].text for line in shown.lines]


def markdown_table(evaluation: Mapping[str, Any]) -> str:
    """evaluation.json as a Markdown table, the best of each group in bold."""
    shown = layout(read_evaluation(evaluation))
    heads = ["evaluations", "solver" if shown.models else "model, solver", *_heads(shown, ", ")]
    lines = [heads, ["---:", "---", *["---:"] * (len(heads) - 2)]]
    for line in shown.lines:
        cells = [f"**{cell.text}**" if cell.best else cell.text for cell in line.cells]
        lines.append([str(line.evaluations) if line.opens_group else "", line.name, *cells])
    if shown.floor:
        lines.append(["", FLOOR_LABEL, *_floor(shown)])
    return "\n".join(f"| {' | '.join(_pipes(cell) for cell in line)} |" for line in lines) + "\n"


def _heads(shown: Layout, separator: str) -> list[str]:
    if not shown.models:
        return [column.title for column in shown.columns]
    return [f"{c.title}{separator}{model}" for c in shown.columns for model in shown.models]


def _floor(shown: Layout) -> list[str]:
    """The floor under its metric's first model; it belongs to neither."""
    blank = [""] * (len(shown.models) - 1)
    return [text for cell in shown.floor for text in (cell.text, *blank)]


def _pipes(text: str) -> str:
    return text.replace("|", "\\|")
