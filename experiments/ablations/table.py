"""The Markdown table of a study: mean and spread over seeds, and the paper's orderings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from statistics import mean, stdev

from questions import QUESTIONS, Question, Row
from results import Result

EVALUATIONS = (1, 2, 4, 8)
Found = Mapping[str, Mapping[int, Result]]  # by file and seed

_DISTANCES = tuple(f"FD {n}" for n in EVALUATIONS)
_ERRORS = tuple(f"1000 x error {n}" for n in EVALUATIONS)
_HEAD = (
    "question", "file", "passes", "steps", *_DISTANCES, *_ERRORS,
    "minutes", "seeds", "paper", "the paper's ordering here",
)  # fmt: skip


def markdown(found: Found) -> str:
    """One table; a question is named in its first row, a file without results says so. Trajectory
    errors have columns where any run measured one."""
    measured = any(r.trajectory for seeds in found.values() for r in seeds.values())
    shown = [measured or title not in _ERRORS for title in _HEAD]
    lines = [list(_HEAD), ["---"] * len(_HEAD)]
    for question in QUESTIONS:
        for n, row in enumerate(question.rows):
            lines.append([question.name if n == 0 else "", *_cells(question, row, found)])
    return "\n".join(_line(compress(cells, shown)) for cells in lines) + "\n"


def _line(cells: object) -> str:
    return "| " + " | ".join(cells) + " |"  # type: ignore[arg-type]


def _cells(question: Question, row: Row, found: Found) -> list[str]:
    results = list(found.get(row.file, {}).values())
    name = f"`{row.file}.toml`"
    if not results:
        return [name, *[""] * (len(_HEAD) - 5), "0", row.paper, _orders(question, row, found)]
    minutes = [r.minutes for r in results if r.minutes is not None]
    return [
        name,
        results[0].passes,
        str(results[0].steps),
        *(_bold(spread([r.frechet.get(n) for r in results], 3), n == row.at) for n in EVALUATIONS),
        *(spread([_thousand(r.trajectory.get(n)) for r in results], 2) for n in EVALUATIONS),
        f"{mean(minutes):.1f}" if minutes else "",
        str(len(results)),
        row.paper,
        _orders(question, row, found),
    ]


def spread(values: list[float | None], digits: int) -> str:
    """`mean ± sample standard deviation`; the mean alone of one value, nothing of none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    middle = f"{mean(known):.{digits}f}"
    return middle if len(known) == 1 else f"{middle} ± {stdev(known):.{digits}f}"


def _thousand(value: float | None) -> float | None:
    return None if value is None else 1000 * value


def _bold(text: str, chosen: bool) -> str:
    return f"**{text}**" if chosen and text else text


def _orders(question: Question, row: Row, found: Found) -> str:
    said = [
        f"below `{worse}`: {verdict(question, better, worse, found)}"
        for better, worse in question.orders
        if better == row.file
    ]
    return "; ".join(said)


def verdict(question: Question, better: str, worse: str, found: Found) -> str:
    """Whether FD(better) < FD(worse), paired by seed: yes or no where all seeds agree."""
    one, other = question.row(better), question.row(worse)
    pairs = [
        (found[better][seed].frechet[one.at], found[worse][seed].frechet[other.at])
        for seed in sorted(found.get(better, {}).keys() & found.get(worse, {}).keys())
    ]
    if not pairs:
        return "not run"
    gain = mean(b - a for a, b in pairs)
    agree = sum(a < b for a, b in pairs)
    word = {len(pairs): "yes", 0: "no"}.get(agree, "undecided")
    return f"{word} ({gain:+.3f}; {agree} of {len(pairs)} seed{'s' if len(pairs) > 1 else ''})"
