"""The tables of a comparison: one of the groups, and one a metric and protocol.

Numbers of different protocols never share a table, so that no column mixes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from secantfw.comparison.groups import Group, differing_keys, grouped
from secantfw.comparison.protocol import Protocol, protocol_of, with_differences
from secantfw.comparison.run_record import ComparedRun
from secantfw.comparison.spread import Spread, spread_of
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.measured_row import Column, Row, best_row
from secantfw.pictures.series import STUDENT, Series


@attrs.frozen(eq=False)
class Number:
    """One cell: its spread over the runs, whether it is told to be the best of its column."""

    spread: Spread
    nfe: float = 0  # what it took, at most the column's
    best: bool = False
    ratio: float | None = None  # to the baseline's


@attrs.frozen(eq=False)
class NumberLine:
    """A model under a solver in some groups, which have the same numbers; a cell per budget."""

    groups: tuple[Group, ...]
    series: Series
    cells: tuple[Number | None, ...]


@attrs.frozen(eq=False)
class NumberTable:
    """One metric under one protocol against NFE."""

    column: Column
    protocol: Protocol
    budgets: tuple[int, ...]
    lines: tuple[NumberLine, ...]


@attrs.frozen(eq=False)
class Comparison:
    """Everything that the terminal, Markdown, CSV and HTML show."""

    groups: tuple[Group, ...]
    keys: tuple[str, ...]
    tables: tuple[NumberTable, ...]
    baseline: Group | None = None

    @property
    def mixed(self) -> bool:
        """Whether a metric was measured in more than one way."""
        return len({table.column.key for table in self.tables}) < len(self.tables)

    @property
    def has_spread(self) -> bool:
        numbers = [n for t in self.tables for line in t.lines for n in line.cells if n]
        return any(number.spread.deviation is not None for number in numbers)

    @property
    def failures(self) -> tuple[ComparedRun, ...]:
        return tuple(run for group in self.groups for run in group.runs if run.error)


def compare(runs: Sequence[ComparedRun], baseline: ComparedRun | None = None) -> Comparison:
    """Group the runs and lay out their numbers; the baseline's group comes first."""
    groups = grouped(runs, baseline)
    columns: dict[str, Column] = {}
    entries: dict[str, dict[Protocol, list[tuple[Group, _Entry]]]] = {}
    for group, entry, protocol in _all_entries(groups):
        columns[entry.column.key] = entry.column
        by_protocol = entries.setdefault(entry.column.key, {})
        by_protocol.setdefault(protocol, []).append((group, entry))
    first = groups[0] if baseline is not None and groups else None
    tables = [
        _table(columns[key], shown, by_protocol[protocol], first)
        for key, by_protocol in entries.items()
        for protocol, shown in with_differences(by_protocol).items()
    ]
    return Comparison(tuple(groups), tuple(differing_keys(groups)), tuple(tables), first)


@attrs.frozen(eq=False)
class _Entry:
    """A row in the column `budget` of a metric's table."""

    budget: int
    column: Column
    row: Row


def _all_entries(groups: Sequence[Group]) -> Iterator[tuple[Group, _Entry, Protocol]]:
    for group in groups:
        for run in group.runs:
            if run.evaluation is not None:
                for entry in _entries(run.evaluation):
                    yield group, entry, protocol_of(run, entry.row, entry.column)


def _entries(evaluation: Evaluation) -> Iterator[_Entry]:
    """Each series at each NFE, the baselines by the one that is the best in the metric."""
    for budget in evaluation.budgets():
        rows = evaluation.at(budget)
        for column in evaluation.columns:
            mine = [row for row in rows if column.key in row.values]
            tuned = best_row([row for row in mine if row.baseline], column)
            for row in mine:
                if not row.baseline or row is tuned:
                    yield _Entry(budget, column, row)


def _table(
    column: Column, protocol: Protocol, own: Sequence[tuple[Group, _Entry]], first: Group | None
) -> NumberTable:
    counts = tuple(sorted({entry.budget for _, entry in own}))
    values: dict[tuple[Series, str], dict[int, list[Row]]] = {}
    groups = {group.letter: group for group, _ in own}
    for group, entry in own:
        line = values.setdefault((entry.row.series, group.letter), {})
        line.setdefault(entry.budget, []).append(entry.row)
    lines = [
        NumberLine(
            (groups[letter],),
            series,
            tuple(_number(by[n], column) if n in by else None for n in counts),
        )
        for (series, letter), by in values.items()
    ]
    lines = _ordered(_merged(lines))
    lines = _with_best(lines, column, len(counts))
    return NumberTable(column, protocol, counts, tuple(_with_ratios(lines, first)))


def _number(rows: Sequence[Row], column: Column) -> Number:
    spread = spread_of([row.values[column.key] for row in rows])
    return Number(spread, max(row.nfe for row in rows))


def _merged(lines: Sequence[NumberLine]) -> list[NumberLine]:
    """Merge rows shared by several groups (e.g. a common teacher)."""
    found: dict[tuple[Series, tuple[Spread | None, ...]], NumberLine] = {}
    for line in lines:
        key = (line.series, tuple(cell.spread if cell else None for cell in line.cells))
        same = found.get(key)
        joined = line if same is None else attrs.evolve(same, groups=same.groups + line.groups)
        found[key] = joined
    return list(found.values())


def _ordered(lines: Iterable[NumberLine]) -> list[NumberLine]:
    """Students by group, then the rest."""
    return sorted(
        lines,
        key=lambda line: (
            line.series.model != STUDENT,
            len(line.groups[0].letter),
            line.groups[0].letter,
            line.series.rank,
        ),
    )


def _with_best(lines: Sequence[NumberLine], column: Column, width: int) -> list[NumberLine]:
    """Mark a column's best cell if every other is further from it than their spread."""
    best = [_best([line.cells[n] for line in lines], column) for n in range(width)]
    return [
        attrs.evolve(
            line,
            cells=tuple(
                attrs.evolve(cell, best=True) if cell is not None and cell is best[n] else cell
                for n, cell in enumerate(line.cells)
            ),
        )
        for line in lines
    ]


def _best(cells: Sequence[Number | None], column: Column) -> Number | None:
    known = [cell for cell in cells if cell is not None and _counts(cell.spread.mean, column)]
    if len(known) < 2:  # the best of one is no news
        return None
    sign = 1 if column.lower_is_better else -1
    first, *others = sorted(known, key=lambda cell: sign * (cell.spread.mean or 0.0))
    return first if all(first.spread.apart(other.spread) for other in others) else None


def _counts(mean: float | None, column: Column) -> bool:
    """Whether it can be the best: a distance of exactly 0 measured nothing, or itself."""
    return mean is not None and not (mean == 0 and column.lower_is_better)


def _with_ratios(lines: Sequence[NumberLine], first: Group | None) -> list[NumberLine]:
    """Each number over the baseline's under the same model and solver."""
    if first is None:
        return list(lines)
    of: Mapping[Series, NumberLine] = {
        line.series: line for line in reversed(lines) if first in line.groups
    }
    found = []
    for line in lines:
        reference = of.get(line.series)
        if reference is None or reference is line:
            found.append(line)
            continue
        pairs = zip(line.cells, reference.cells, strict=True)
        cells = tuple(_over(cell, other) for cell, other in pairs)
        found.append(attrs.evolve(line, cells=cells))
    return found


def _over(cell: Number | None, other: Number | None) -> Number | None:
    if cell is None or other is None or cell.spread.mean is None or not other.spread.mean:
        return cell
    return attrs.evolve(cell, ratio=cell.spread.mean / other.spread.mean)
