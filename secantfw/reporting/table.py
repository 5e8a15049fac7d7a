"""The one table of a run: at equal NFE, the student beside the teacher.

`layout` says what stands where; the terminal, Markdown and HTML only differ in how they draw it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from secantfw.assembly.tuned import TUNED
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.measured_row import Column, Row, best_row
from secantfw.reporting.number_text import NOT_MEASURED, aligned, count, decimals, mean_text
from secantfw.runtime.terminal import styled

if TYPE_CHECKING:
    from rich.table import Table

FLOOR_LABEL = "real data (held-out)"
#: Behind a student that takes another number of steps than it was trained for.
OFF_GRID = " †"
OFF_GRID_NOTE = "† over secants that the student was not trained on"


@attrs.frozen
class Cell:
    """One number as written, whether it is the best of its group, and the number itself."""

    text: str
    best: bool = False
    exact: float | None = None


@attrs.frozen
class Line:
    """One solver in the column `budget`: its own NFE, and a cell per metric and model."""

    budget: int
    name: str  # the solver; "student, secant" where models are not columns
    nfe: str
    cells: tuple[Cell, ...]
    opens_group: bool


@attrs.frozen
class Closing:
    """A line below all groups: the teacher in many steps, or real data."""

    name: str
    cells: tuple[Cell, ...]


@attrs.frozen
class Layout:
    """`columns` x `models` heads over `lines`, and the `closing` lines, one cell a column.

    Models stand side by side where one solver serves two of them; where none does, `models` is
    empty, a line is a model under a solver, and no half of the table is blank.
    """

    columns: tuple[Column, ...]
    models: tuple[str, ...]
    lines: tuple[Line, ...]
    closing: tuple[Closing, ...]

    @property
    def off_grid(self) -> bool:
        return any(line.name.endswith(OFF_GRID) for line in self.lines)


def layout(evaluation: Evaluation) -> Layout:
    """What the table shows, row by row."""
    places = {
        column.key: decimals(row.values.get(column.key) for row in evaluation.rows)
        for column in evaluation.columns
    }
    lines = [line for n in evaluation.budgets() for line in _group(evaluation, n, places)]
    closing = tuple(_closing(evaluation, places))
    return Layout(evaluation.columns, _models_beside(evaluation), tuple(lines), closing)


def _models_beside(evaluation: Evaluation) -> tuple[str, ...]:
    solvers = [series.solver for series in evaluation.series]
    return evaluation.models if len(set(solvers)) < len(solvers) else ()


def _closing(evaluation: Evaluation, places: Mapping[str, int | None]) -> Iterator[Closing]:
    """The teacher's ceiling and what real data reaches, where they are known."""
    columns, ceiling = evaluation.columns, evaluation.ceiling
    if ceiling is not None:
        values = {column.key: ceiling.values.get(column.key) for column in columns}
        yield Closing(f"ceiling: {ceiling.name}", _closing_cells(values, places))
    floors = {column.key: column.floor for column in columns}
    if any(floor is not None for floor in floors.values()):
        yield Closing(FLOOR_LABEL, _closing_cells(floors, places))


def _closing_cells(
    values: Mapping[str, float | None], places: Mapping[str, int | None]
) -> tuple[Cell, ...]:
    return tuple(
        Cell("") if value is None else Cell(aligned(value, places[key]), exact=value)
        for key, value in values.items()
    )


def _group(evaluation: Evaluation, budget: int, places: Mapping[str, int | None]) -> list[Line]:
    rows = evaluation.at(budget)
    winners = {column.key: _winner(rows, column) for column in evaluation.columns}
    lines: list[Line] = []
    beside = _models_beside(evaluation)
    for pair in _side_by_side(rows) if beside else [{"": row} for row in rows]:
        cells = tuple(
            _cell(pair.get(model), column, winners[column.key], places)
            for column in evaluation.columns
            for model in beside or ("",)
        )
        name = _name(next(iter(pair.values())), alone=not beside)
        lines.append(Line(budget, name, _own_nfe(pair.values()), cells, opens_group=not lines))
    nothing = (Cell(NOT_MEASURED),) * (len(evaluation.columns) * len(beside or ("",)))
    for name in _absent(evaluation, rows):
        lines.append(Line(budget, name, NOT_MEASURED, nothing, opens_group=not lines))
    return lines


def _absent(evaluation: Evaluation, rows: Sequence[Row]) -> list[str]:
    """Solvers without a grid of so few NFE."""
    beside = bool(_models_beside(evaluation))
    names = {s: s.solver if beside else str(s) for s in evaluation.series if s.solver != TUNED}
    there = {names.get(row.series) for row in rows}
    return [name for name in dict.fromkeys(names.values()) if name not in there]


def _name(row: Row, *, alone: bool) -> str:
    """The solver, with its model where models are no columns, and its steps."""
    name = f"{row.series.model}, {row.solver}" if alone else row.solver
    tuned = " (tuned)" if row.baseline else ""
    return f"{name}{tuned}{_steps(row)}{OFF_GRID if row.off_grid else ''}"


def _own_nfe(rows: Iterable[Row]) -> str:
    return "/".join(dict.fromkeys(f"{row.nfe:.4g}" for row in rows))


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
    """The number of steps where it is not the NFE."""
    return "" if row.steps in (0, row.nfe) else f" ({count(row.steps, 'step')})"


def _cell(
    row: Row | None, column: Column, winner: Row | None, places: Mapping[str, int | None]
) -> Cell:
    if row is None or column.key not in row.values:
        return Cell(NOT_MEASURED)
    value = row.values[column.key]
    best = winner is not None and row.finite(column) == winner.finite(column)
    text = mean_text(value, row.deviations.get(column.key), places[column.key])
    return Cell(text, best, value)


def evaluation_table(evaluation: Evaluation) -> Table:
    """An evaluation as a table for the terminal."""
    from rich import box
    from rich.table import Table

    shown = layout(evaluation)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("NFE", justify="right", overflow="fold")
    table.add_column("solver" if shown.models else "model, solver", overflow="fold", min_width=8)
    table.add_column(styled("own\nNFE"), justify="right", overflow="fold", min_width=3)
    widths = [max(map(len, " ".join(texts).split())) for texts in _columns_of_text(shown)]
    for head, width in zip(_heads(shown, "\n"), widths, strict=True):
        # On a narrow terminal a head is broken in two, a number never.
        table.add_column(styled(head), justify="right", overflow="fold", min_width=width)
    for line in shown.lines:
        cells = [styled(cell.text, style="bold green" if cell.best else "") for cell in line.cells]
        if line.opens_group and table.row_count:
            table.add_section()
        opens = str(line.budget) if line.opens_group else ""
        table.add_row(opens, styled(line.name), line.nfe, *cells)
    if shown.closing:
        table.add_section()
    for closing in shown.closing:
        texts = (styled(t) for t in _under_first_model(closing, shown))
        table.add_row("", styled(closing.name, style="dim"), "", *texts)
    if shown.off_grid:
        table.caption, table.caption_justify = OFF_GRID_NOTE, "left"
    return table


def _columns_of_text(shown: Layout) -> Iterator[list[str]]:
    """The numbers of each column."""
    for n in range(len(shown.lines[0].cells) if shown.lines else 0):
        yield [line.cells[n].text for line in shown.lines]


def markdown_table(evaluation: Evaluation) -> str:
    """An evaluation as a Markdown table, the best of each group in bold."""
    shown = layout(evaluation)
    solver = "solver" if shown.models else "model, solver"
    heads = ["NFE", solver, "own NFE", *_heads(shown, ", ")]
    lines = [heads, ["---:", "---", *["---:"] * (len(heads) - 2)]]
    for line in shown.lines:
        cells = [f"**{cell.text}**" if cell.best else cell.text for cell in line.cells]
        opens = str(line.budget) if line.opens_group else ""
        lines.append([opens, line.name, line.nfe, *cells])
    for closing in shown.closing:
        lines.append(["", closing.name, "", *_under_first_model(closing, shown)])
    text = "\n".join(f"| {' | '.join(_pipes(cell) for cell in line)} |" for line in lines) + "\n"
    return f"{text}\n{OFF_GRID_NOTE}\n" if shown.off_grid else text


def _heads(shown: Layout, separator: str) -> list[str]:
    if not shown.models:
        return [column.title for column in shown.columns]
    return [f"{c.title}{separator}{model}" for c in shown.columns for model in shown.models]


def _under_first_model(closing: Closing, shown: Layout) -> list[str]:
    """Its numbers under the first model of their metric; they belong to neither."""
    blank = [""] * (len(shown.models) - 1)
    return [text for cell in closing.cells for text in (cell.text, *blank)]


def _pipes(text: str) -> str:
    return text.replace("|", "\\|")
