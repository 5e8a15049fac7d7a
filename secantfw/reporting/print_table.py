"""The evaluation table on standard output."""

from __future__ import annotations

from secantfw.evaluation.evaluation import Evaluation
from secantfw.runtime.terminal import draw


def print_table(evaluation: Evaluation) -> None:
    """The grouped table; plain width when standard output is no terminal."""
    from secantfw.reporting.table import evaluation_table

    draw(evaluation_table(evaluation), width=110)
