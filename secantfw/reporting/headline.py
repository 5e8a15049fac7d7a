"""The result in one sentence, computed from the rows and never chosen by how good it looks.

The NFE is the one the evaluation names, else 4, else the nearest smaller one that both sides have.
Each side is represented by its best solver there, the teacher's of all that were evaluated or
found by a search for strong baselines.
"""

from __future__ import annotations

import math

import attrs

from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.measured_row import Column, Row, best_row
from secantfw.pictures.series import STUDENT, TEACHER
from secantfw.reporting.number_text import mean_text, number, ratio

DEFAULT_NFE = 4
_MOST_OTHERS = 2  # metrics beside the first; the table has them all


@attrs.frozen
class Headline:
    """`sentence` the comparison at equal NFE; `context` what else bounds it, or empty."""

    sentence: str
    context: str = ""


def headline(evaluation: Evaluation | None) -> Headline:
    """The headline of a run, whatever of it was measured."""
    if evaluation is None or not evaluation.rows or not evaluation.columns:
        return Headline("This run was not evaluated.")
    at = nfe_compared(evaluation)
    return Headline(_sentence(evaluation, at), _context(evaluation, at))


def nfe_compared(evaluation: Evaluation) -> int:
    """Which NFE the sentence is about."""
    subject = _subject(evaluation)
    mine = sorted({math.ceil(r.nfe) for r in evaluation.rows if r.series.model == subject})
    candidates = [n for n in mine if _teachers(evaluation.at(n))] or mine
    wanted = evaluation.headline_nfe or DEFAULT_NFE
    return max((n for n in candidates if n <= wanted), default=candidates[0])


def subject_row(evaluation: Evaluation, at: int) -> Row | None:
    """The row that the sentence is about, where it has a value."""
    rows = [row for row in evaluation.at(at) if row.series.model == _subject(evaluation)]
    return best_row(rows, evaluation.columns[0]) if evaluation.columns else None


def _subject(evaluation: Evaluation) -> str:
    return STUDENT if STUDENT in evaluation.models else evaluation.models[0]


def _teachers(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.series.model == TEACHER)


def _sentence(evaluation: Evaluation, at: int) -> str:
    first, *others = evaluation.columns
    subject = _subject(evaluation)
    rows = tuple(row for row in evaluation.at(at) if row.series.model == subject)
    row = subject_row(evaluation, at) or rows[0]
    rivals = _teachers(evaluation.at(at)) if subject != TEACHER else ()
    opening = f"At {at} NFE the {subject}'s {first.title} is"
    value = _measured(row, first)
    if len(rows) > 1 or not rivals:
        value += f" ({row.solver})"
    sentences = [f"{opening} {value}{_comparison(row, rivals, first)}."]
    for column in others[:_MOST_OTHERS]:
        if row.values.get(column.key) is not None:
            sentences.append(f"{column.title}: {_short_comparison(row, rivals, column)}.")
    return " ".join(sentences)


def _comparison(row: Row, rivals: tuple[Row, ...], column: Column) -> str:
    """`, against 2.90 for the best of 3 solvers (midpoint) on the teacher: 0.41x`."""
    rival = best_row(rivals, column)
    if rival is None:
        return ""
    known = len([r for r in rivals if r.finite(column) is not None])
    best = f"the best of {known} solvers" if known > 1 else "the one solver evaluated"
    best = "the best tuned solver" if rival.baseline else best
    named = f"{best} ({rival.solver}) on the teacher"
    return f", against {_measured(rival, column)} for {named}{_verdict(row, rival, column)}"


def _measured(row: Row, column: Column) -> str:
    """`1.20 ± 0.03`."""
    return mean_text(row.values.get(column.key), row.deviations.get(column.key), None)


def _verdict(row: Row, rival: Row, column: Column) -> str:
    mine, theirs = row.finite(column), rival.finite(column)
    if mine is None or theirs is None:
        return ""
    quotient = ratio(mine, theirs)
    text = f": {quotient}{_by_seed(row, rival, column)}" if quotient else ""
    if column.key in row.deviations and not row.apart(rival, column):
        text += ", not told apart by the seeds"
    elif column.better(theirs, mine):
        text += ", so the student is worse"
    return text if column.lower_is_better else f"{text} (higher is better)"


def _by_seed(row: Row, rival: Row, column: Column) -> str:
    """` (0.49x to 0.52x by seed)`."""
    found = sorted(m / t for m, t in row.pairs(rival, column) if t > 0)
    if len(found) < 2:
        return ""
    low, high = (ratio(quotient, 1.0) for quotient in (found[0], found[-1]))
    return f" ({low} to {high} by seed)" if low != high else f" ({low} by every seed)"


def _short_comparison(row: Row, rivals: tuple[Row, ...], column: Column) -> str:
    mine, rival = row.finite(column), best_row(rivals, column)
    theirs = rival.finite(column) if rival else None
    if mine is None or theirs is None:
        return number(row.values.get(column.key))
    quotient = ratio(mine, theirs)
    return f"{number(mine)} against {number(theirs)}" + (f", {quotient}" if quotient else "")


def _context(evaluation: Evaluation, at: int) -> str:
    """The teacher with more NFE, its ceiling, and what real data reaches."""
    column = evaluation.columns[0]
    parts: list[str] = []
    longest = best_row(_teachers(evaluation.rows), column)
    if longest is not None and longest.nfe > at:
        best = number(longest.finite(column))
        made = f"{longest.solver}, {longest.nfe:g} NFE"
        parts.append(f"The teacher's best value measured is {best} ({made}).")
    ceiling = evaluation.ceiling
    if ceiling is not None and ceiling.values.get(column.key) is not None:
        parts.append(f"Its ceiling is {number(ceiling.values[column.key])} ({ceiling.name}).")
    if column.floor is not None:
        parts.append(f"Real data (held-out) reaches {number(column.floor)}.")
    return " ".join(parts)
