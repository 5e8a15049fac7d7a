"""compare.md, compare.csv and compare.html of a comparison, and its tables on a terminal."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.comparison.cells import TextTable, failures, notes, text_tables
from secantfw.comparison.comparison import Comparison, NumberTable
from secantfw.comparison.groups import NOT_SET, Group
from secantfw.errors import UserError
from secantfw.runtime.files import write_text
from secantfw.runtime.terminal import printable_lines, styled

if TYPE_CHECKING:
    from rich.console import RenderableType


#: What begins a formula, or is skipped before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the three files into `folder`, which is made.

    Raises:
        UserError: it cannot be written.
    """
    from secantfw.comparison.page import page

    texts = {
        "compare.md": markdown(comparison),
        "compare.csv": comma_separated(comparison),
        "compare.html": page(comparison),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_text(folder / name, text)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror})") from error
    return [folder / name for name in texts]


def markdown(comparison: Comparison) -> str:
    """A Markdown table each, the best in bold, and what did not give a number."""
    parts = [_markdown_table(table) for table in text_tables(comparison)]
    parts += notes(comparison)
    failed = failures(comparison)
    if failed:
        parts.append("Without numbers:\n\n" + "\n".join(f"- {_plain(line)}" for line in failed))
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: TextTable) -> str:
    lines = [f"**{_plain(table.title)}**", ""]
    if table.note:
        lines += [_plain(table.note), ""]
    rule = ["---:" if head.is_number else "---" for head in table.heads]
    lines += [_line([_plain(h.text) for h in table.heads]), _line(rule)]
    for row in table.rows:
        cells = [f"**{_plain(c.text)}**" if c.best else _plain(c.text) for c in row]
        lines.append(_line(cells))
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that Markdown leaves alone: what a plug-in or a path says is no markup."""
    escaped = "".join(f"\\{c}" if c in "\\`*_|<>[]" else c for c in text)
    return " ".join(escaped.split())


def comma_separated(comparison: Comparison) -> str:
    """A line for each group, model, solver, budget and metric, with the values of its runs."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    heads = ["group", "experiment", *comparison.keys, "passes", "images", "training_evaluations"]
    heads += ["model", "solver", "nfe", "metric", "n", "mean", "deviation", "values"]
    writer.writerow(map(_cell, [*heads, "protocol", "error"]))
    for group in comparison.groups:
        head = _group_fields(group, comparison.keys)
        for table in comparison.tables:
            for fields in _number_fields(table, group):
                writer.writerow(map(_cell, [*head, *fields]))
        for run in group.runs:
            if run.error:
                said = [*head, *[""] * 9, f"seed {run.seed}: {run.error}"]
                writer.writerow(map(_cell, said))
    return stream.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula begins with an apostrophe; what is no
    character to be seen is escaped."""
    if not isinstance(value, str):
        return value
    text = printable_lines(value)
    return f"'{text}" if text[:1] in _FORMULA and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _group_fields(group: Group, keys: Sequence[str]) -> list[object]:
    """What a line says of the group it is of."""
    said = [group.settings.get(key, NOT_SET) for key in keys]
    first = group.runs[0]
    return [group.letter, group.name, *said, first.passes, first.images, first.evaluations]


def _number_fields(table: NumberTable, group: Group) -> Iterator[list[object]]:
    """What it says of one of the group's numbers."""
    stamp = "; ".join(f"{name} {value}" for name, value in table.protocol.stamp)
    for line in (line for line in table.lines if group in line.groups):
        for cell in line.cells:
            if cell is not None:
                s = cell.spread
                where = [line.series.model, line.series.solver, cell.nfe, table.column.key]
                values = " ".join(map(repr, s.values))
                yield [*where, len(s.values), s.mean, s.deviation, values, stamp, ""]


def terminal(comparison: Comparison) -> RenderableType:
    """The tables for the terminal."""
    from rich import console

    parts: list[RenderableType] = []
    for table in text_tables(comparison):
        parts += [styled(table.title, style="bold")]
        parts += [styled(table.note)] if table.note else []
        parts += [_rich_table(table), styled("")]
    parts += [styled(note, style="dim") for note in notes(comparison)]
    parts += [styled(f"no numbers: {line}", style="red") for line in failures(comparison)]
    return console.Group(*parts)


def _rich_table(table: TextTable) -> RenderableType:
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for head in table.heads:
        drawn.add_column(styled(head.text), justify="right" if head.is_number else "left")
    for row in table.rows:
        drawn.add_row(*(styled(c.text, style="bold green" if c.best else "") for c in row))
    return drawn
