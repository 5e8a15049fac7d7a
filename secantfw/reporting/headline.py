"""The result in one sentence, computed from the rows and never chosen by how good it looks.

The number of evaluations is the one the evaluation names, else 4, else the nearest smaller one
that both sides have. Each side is represented by its best solver there.
"""

from __future__ import annotations

import attrs

from secantfw.reporting.evaluation_rows import (
    STUDENT,
    TEACHER,
    Column,
    Evaluation,
    Row,
    best_row,
)
from secantfw.reporting.number_text import count, number, ratio

DEFAULT_EVALUATIONS = 4


@attrs.frozen
class Headline:
    """`sentence` the comparison at equal evaluations; `context` what else bounds it, or empty."""

    sentence: str
    context: str = ""


def headline(evaluation: Evaluation | None) -> Headline:
    """The headline of a run, whatever of it was measured."""
    if evaluation is None or not evaluation.rows or not evaluation.columns:
        return Headline("This run was not evaluated.")
    at = _evaluations_compared(evaluation)
    return Headline(_sentence(evaluation, at), _context(evaluation, at))


def _evaluations_compared(evaluation: Evaluation) -> int:
    subject = _subject(evaluation)
    mine = {row.evaluations for row in evaluation.rows if row.series.model == subject}
    theirs = {row.evaluations for row in _teachers(evaluation.rows)}
    candidates = sorted(mine & theirs or mine)
    wanted = evaluation.headline_evaluations or DEFAULT_EVALUATIONS
    return max((n for n in candidates if n <= wanted), default=candidates[0])


def _subject(evaluation: Evaluation) -> str:
    return STUDENT if STUDENT in evaluation.models else evaluation.models[0]


def _teachers(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.series.model == TEACHER)


def _sentence(evaluation: Evaluation, at: int) -> str:
    first, *others = evaluation.columns
    subject = _subject(evaluation)
    rows = tuple(row for row in evaluation.at(at) if row.series.model == subject)
    row = best_row(rows, first) or rows[0]
    rivals = _teachers(evaluation.at(at)) if subject != TEACHER else ()
    opening = f"At {count(at, 'evaluation')} the {subject}'s {first.title} is"
    value = number(row.values.get(first.key))
    if len(rows) > 1 or not rivals:
        value += f" ({row.series.solver})"
    sentences = [f"{opening} {value}{_comparison(row, rivals, first)}."]
    for column in others:
        if row.values.get(column.key) is not None:
            sentences.append(f"{column.title}: {_short_comparison(row, rivals, column)}.")
    return " ".join(sentences)


def _comparison(row: Row, rivals: tuple[Row, ...], column: Column) -> str:
    """`, against 2.90 for the best numerical solver (euler) on the teacher: 0.41x`."""
    rival = best_row(rivals, column)
    if rival is None:
        return ""
    theirs = f"{number(rival.finite(column))} for the best numerical solver"
    named = f"({rival.series.solver}) on the teacher"
    return f", against {theirs} {named}{_verdict(row, rival, column)}"


def _verdict(row: Row, rival: Row, column: Column) -> str:
    mine, theirs = row.finite(column), rival.finite(column)
    if mine is None or theirs is None:
        return ""
    quotient = ratio(mine, theirs)
    text = f": {quotient}" if quotient else ""
    if column.better(theirs, mine):
        text += ", so the student is worse"
    return text if column.lower_is_better else f"{text} (higher is better)"


def _short_comparison(row: Row, rivals: tuple[Row, ...], column: Column) -> str:
    mine, rival = row.finite(column), best_row(rivals, column)
    theirs = rival.finite(column) if rival else None
    if mine is None or theirs is None:
        return number(row.values.get(column.key))
    quotient = ratio(mine, theirs)
    return f"{number(mine)} against {number(theirs)}" + (f", {quotient}" if quotient else "")


def _context(evaluation: Evaluation, at: int) -> str:
    """The teacher with more evaluations, and what held-out data itself reaches."""
    column = evaluation.columns[0]
    parts: list[str] = []
    longest = best_row(_teachers(evaluation.rows), column)
    if longest is not None and longest.evaluations > at:
        made = f"{longest.series.solver}, {count(longest.evaluations, 'evaluation')}"
        best = number(longest.finite(column))
        parts.append(f"The teacher's best value measured is {best} ({made}).")
    if column.floor is not None:
        parts.append(f"Held-out data reaches {number(column.floor)}.")
    return " ".join(parts)
