"""The evaluation table on standard output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def print_table(evaluation: Mapping[str, Any]) -> None:
    """The grouped table; plain width when standard output is no terminal."""
    from rich.console import Console

    from secantfw.reporting.table import evaluation_table

    width = None if sys.stdout.isatty() else 110
    Console(width=width).print(evaluation_table(evaluation))
