"""What stands in each table as text; the terminal, Markdown and HTML only draw it."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from secantfw.comparison.comparison import Comparison, Number, NumberLine, NumberTable
from secantfw.comparison.groups import Group, setting
from secantfw.reporting.number_text import NOT_MEASURED, decimals, mean_text

#: Heads of what `_spent` says.
_SPENT = ("seeds", "passes", "images", "training evaluations")


@attrs.frozen
class Cell:
    """A text, in bold where it is the best; `exact` holds the values of the single runs."""

    text: str
    best: bool = False
    is_number: bool = False
    exact: str = ""


@attrs.frozen
class TextTable:
    """A title, heads and rows of equal length."""

    title: str
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def text_tables(comparison: Comparison) -> list[TextTable]:
    """The groups, then each metric."""
    numbers = [_number_table(table, comparison) for table in comparison.tables]
    return [_group_table(comparison), *numbers]


def notes(comparison: Comparison) -> list[str]:
    """How to read the numbers."""
    said = []
    if comparison.has_spread:
        said.append(
            "Mean ± sample standard deviation over seeds. Bold is the best of a column where "
            "it differs from every other by more than sqrt(d1² + d2²), the spread of a difference."
        )
    elif comparison.tables:
        said.append("One seed each: the spread is not known, so no number is called the best.")
    said.append(
        "Passes: evaluations of a network forward (F) and backward (B) for a training sample. "
        "Images and training evaluations: of the whole training, of one seed."
    )
    if comparison.baseline is not None:
        name = comparison.baseline.name
        said.append(f"Factors are to {name} ({comparison.baseline.letter}), the baseline.")
    if comparison.mixed:
        said.append(
            "Numbers that were measured differently stand in different tables and cannot be "
            "compared; what sets their protocols apart is said above each."
        )
    return said


def failures(comparison: Comparison) -> list[str]:
    """A line for each run without a number, and why."""
    return [
        f"{group.letter} {group.name}{f', seed {run.seed}' if run.seed else ''}: {run.error}"
        for group in comparison.groups
        for run in group.runs
        if run.error
    ]


def _group_table(comparison: Comparison) -> TextTable:
    names = {group.name for group in comparison.groups}
    named = len(names) > 1 or not comparison.keys
    heads = [Cell(""), *([Cell("experiment")] if named else []), *map(Cell, comparison.keys)]
    heads += [Cell(head, is_number=True) for head in _SPENT]
    rows = []
    for group in comparison.groups:
        name = [Cell(group.name)] if named else []
        settings = [Cell(setting(group, key)) for key in comparison.keys]
        rows.append((Cell(group.letter), *name, *settings, *_spent(group)))
    return TextTable("Runs", tuple(heads), tuple(rows))


def _spent(group: Group) -> list[Cell]:
    """Seeds, passes a training sample takes, samples seen, evaluations of all networks."""
    done = sum(not run.error for run in group.runs)
    seeds = str(done) if done == len(group.runs) else f"{done} of {len(group.runs)}"
    images = [run.images for run in group.runs if run.images is not None]
    evaluations = [run.evaluations for run in group.runs if run.evaluations is not None]
    passes = next((run.passes for run in group.runs if run.passes), NOT_MEASURED)
    texts = [
        seeds,
        passes,
        _large(max(images, default=None)),
        _large(max(evaluations, default=None)),
    ]
    return [Cell(text, is_number=True) for text in texts]


def _large(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:,.0f}"


def _number_table(table: NumberTable, comparison: Comparison) -> TextTable:
    direction = "lower is better" if table.column.lower_is_better else "higher is better"
    title = f"{table.column.title} ({direction}) against NFE per sample"
    means = [c.spread.mean for line in table.lines for c in line.cells if c is not None]
    places = decimals(means)
    head = comparison.keys[0] if comparison.keys else ""
    heads = [Cell(""), *([Cell(head)] if head else []), Cell("model, solver")]
    heads += [Cell(str(n), is_number=True) for n in table.budgets]
    rows = [
        (
            Cell(_letters(line, comparison)),
            *([Cell(_changed(line, head))] if head else []),
            Cell(str(line.series)),
            *(_cell(one, n, places) for one, n in zip(line.cells, table.budgets, strict=True)),
        )
        for line in table.lines
    ]
    apart = table.protocol.text()
    note = f"Measured with {apart}" if apart else ""
    return TextTable(title, tuple(heads), tuple(rows), note)


def _changed(line: NumberLine, key: str) -> str:
    """The value of the first key that differs, where the line is of one value."""
    said = list(dict.fromkeys(setting(group, key) for group in line.groups))
    return said[0] if len(said) == 1 else ""


def _letters(line: NumberLine, comparison: Comparison) -> str:
    measured = [g for g in comparison.groups if any(run.evaluation for run in g.runs)]
    if len(line.groups) == len(measured) > 1:
        return "all"
    return " ".join(group.letter for group in line.groups)


def _cell(value: Number | None, budget: int, places: int | None) -> Cell:
    if value is None or value.spread.mean is None:
        return Cell(NOT_MEASURED, is_number=True)
    text = mean_text(value.spread.mean, value.spread.deviation, places)
    if value.ratio is not None:
        text += f" ({value.ratio:.2g}x)"
    if value.nfe < budget:
        text += f" at {value.nfe:g}"
    return Cell(text, value.best, True, _exact(value.spread.values))


def _exact(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
