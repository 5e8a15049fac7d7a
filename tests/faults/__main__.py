"""Every fault of the model injected, and the share that was handled as specified.

    python -m tests.faults                          # the table, at the counts of CI
    python -m tests.faults --nightly                # many more
    python -m tests.faults --rows R5 R12
    python -m tests.faults --kills 200 --seed 7     # SIGKILLs only
    python -m tests.faults --malformed 1000 --seed 7   # strangers' files only
    python -m tests.faults --hostile 200 --seed 7   # strangers' runs, broken output
    python tests/faults/mutants.py                  # R19: seeded bugs
    python tests/faults/soak.py --minutes 10        # R20 at length

Ends with 1 if anything was missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import attrs
from rows import ROWS, Figures, Row, measure
from small_run import bench

MALFORMED = ("R7", "R8", "R9", "R10")
HOSTILE = ("R22", "R23", "R24", "R25", "R26", "R27", "R28", "R30")


def chosen(given: argparse.Namespace) -> list[tuple[Row, int]]:
    """The rows that were asked for, each with its count."""
    if given.kills:
        return [(ROWS[0], given.kills)]
    for names, count in ((MALFORMED, given.malformed), (HOSTILE, given.hostile)):
        if count:
            rows = [row for row in ROWS if row.name in names]
            return [(row, -(-count // len(rows))) for row in rows]
    rows = [row for row in ROWS if not given.rows or row.name in given.rows]
    return [(row, row.nightly if given.nightly else row.ci) for row in rows]


def show(figures: Figures) -> None:
    row = figures.row
    print(
        f"{row.name:<4} {row.what:<62} {figures.injected:>5} {figures.handled:>7} "
        f"{figures.seconds:>6.1f} s",
        flush=True,
    )
    for miss in figures.misses:
        print(f"     MISS: {' '.join(miss.split())[:400]}")


def _told(attribute: attrs.Attribute, value: object) -> bool:
    return attribute.name != "inject"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0, metavar="N")
    parser.add_argument("--malformed", type=int, default=0, metavar="N")
    parser.add_argument("--hostile", type=int, default=0, metavar="N")
    parser.add_argument("--rows", nargs="+", metavar="R")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table there")
    parser.add_argument("--nightly", action="store_true", help="the counts of a night")
    given = parser.parse_args()
    with contextlib.redirect_stderr(open(os.devnull, "w")), bench() as made:
        print(f"{'row':<4} {'fault':<62} {'given':>5} {'handled':>7} {'time':>8}")
        found = []
        for row, count in chosen(given):
            found.append(measure(row, made, given.seed, count))
            show(found[-1])
    if given.json:
        given.json.write_text(json.dumps([attrs.asdict(f, filter=_told) for f in found]))
    injected = sum(f.injected for f in found)
    handled = sum(f.handled for f in found)
    seconds = sum(f.seconds for f in found)
    share = 100 * handled / injected
    print(f"     {'all':<62} {injected:>5} {handled:>7} {seconds:>6.1f} s   {share:.2f} %")
    return 0 if handled == injected else 1


if __name__ == "__main__":
    sys.exit(main())
