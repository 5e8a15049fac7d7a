"""What a plug-in shows in a run's report: parts that `secantfw_report_sections` gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs


@attrs.frozen
class ReportedRow:
    """A row of an evaluation: a model under a solver."""

    model: str
    solver: str
    nfe: float
    #: What metrics said of their values (`Accumulator.details`), by their keys.
    details: Mapping[str, Mapping[str, Any]]
    #: What a `NetworkMetric` measured, by its key.
    measured: Mapping[str, Mapping[str, Any]]
    #: Whether it is among those compared at the NFE of the first sentence.
    compared: bool = False
    #: Whether the first sentence is about it.
    subject: bool = False


@attrs.frozen
class ReportedEvaluation:
    """An evaluation as far as parts of a report are made of it.

    It was read from a file that may have come from anywhere: a key may be missing, a value of
    another type.
    """

    nfe: int  # that the first sentence compares
    columns: Mapping[str, str]  # titles of the metrics by key, the first one first
    rows: tuple[ReportedRow, ...]
    several_seeds: bool = False


#: A text; a number, which is aligned with its column; a number and the ends of an interval.
ReportCell: TypeAlias = str | float | tuple[float, float, float]


@attrs.frozen
class ReportTable:
    """A table below that of the results: `heads` over `rows`, whose first cells are names."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[ReportCell, ...], ...]
    note: str = ""


@attrs.frozen
class ReportFigure:
    """A drawing beside the charts; `draw` is given a matplotlib Figure of `size` inches, in the
    page's style."""

    name: str
    description: str
    draw: Callable[[Any], None]
    caption: str = ""
    size: tuple[float, float] = (4.8, 3.9)


@attrs.frozen
class ReportNote:
    """A sentence below the first one."""

    text: str


ReportPart: TypeAlias = ReportTable | ReportFigure | ReportNote
