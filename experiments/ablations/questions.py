"""What the ablations ask: their rows, and the paper's orderings (arXiv:2505.14502)."""

from __future__ import annotations

import attrs


@attrs.frozen
class Row:
    """A file, the evaluations at which it is compared, and the paper's FID on ImageNet-256."""

    file: str
    at: int = 4
    paper: str = ""


@attrs.frozen
class Question:
    """Rows of one question. `orders` are pairs of files: the paper has the first one better."""

    name: str
    rows: tuple[Row, ...]
    orders: tuple[tuple[str, str], ...] = ()

    def row(self, file: str) -> Row:
        return next(row for row in self.rows if row.file == file)


_ESTIMATORS = (
    "picard_2", "picard_ema", "picard_twice", "plain_1", "gauss_1", "heun_1", "runge_kutta",
    "plain_2", "antithetic_2", "gauss_2", "stratified_4", "gauss_4",
)  # fmt: skip

#: In the order in which they are run; a file of several questions is run once.
QUESTIONS = (
    Question(
        "estimators",
        (Row("sdei"), Row("estimators"), *(Row(f"estimators_{name}") for name in _ESTIMATORS)),
    ),
    Question(
        "lambda",
        (
            Row("lambda_0.1", paper="3.96"),
            Row("lambda_0.5", paper="3.15"),
            Row("lambda_1", paper="2.84"),
            Row("lambda_2", paper="3.96"),
        ),
        (("lambda_1", "lambda_0.5"), ("lambda_0.5", "lambda_0.1"), ("lambda_1", "lambda_2")),
    ),
    Question(
        "interior or end, distil or train",
        (Row("sdei"), Row("sdee"), Row("times_both"), Row("lambda_1"), Row("stee")),
        (("sdei", "sdee"), ("times_both", "sdee"), ("lambda_1", "stee")),
    ),
    Question(
        "steps N",
        (Row("segments_1", 1), Row("segments_2", 2), Row("sdei", 4), Row("segments_8", 8)),
        (("segments_8", "sdei"), ("sdei", "segments_2"), ("segments_2", "segments_1")),
    ),
    Question(
        "times",
        (
            Row("sdei", paper="3.23"),
            Row("times_continuous", paper="4.29"),
            Row("times_both", paper="5.47"),
        ),
        (("sdei", "times_continuous"), ("times_continuous", "times_both")),
    ),
    Question("start", (Row("sdei"), Row("scratch")), (("sdei", "scratch"),)),
)


def files(only: tuple[str, ...] = ()) -> list[str]:
    """Stems in the order of the questions; `only` names files or questions."""
    asked = [q for q in QUESTIONS if not only or q.name in only]
    found = [row.file for question in asked for row in question.rows]
    found += [row.file for q in QUESTIONS for row in q.rows if row.file in only]
    return list(dict.fromkeys(found))
