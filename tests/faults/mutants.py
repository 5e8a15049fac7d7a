"""R19: seeded bugs in the code that must not have any; each must be seen by the rows it names.

    python tests/faults/mutants.py             # all of them, in minutes
    python tests/faults/mutants.py NAME ...    # some

Each is injected in a fork, which makes a straight run of its own and then the faults of the rows.
One that breaks the making of a fault is not caught: it would show nothing of what a row sees.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from itertools import chain
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).parents[1]))

from fork_server import forked
from mutant import MUTANTS, Mutant
from rows import ROWS, verdicts
from small_run import Bench, bench, last_line, scratch

#: For a mutant; longer than a busy machine takes to make the straight run and a few faults.
_MOST_SECONDS = 1800.0
#: How many faults of a row are made at most; it ends at the first that shows the mutant.
COUNTS = {
    "R1": 12,
    "R2": 28,
    "R3": 1,
    "R4": 6,
    "R5": 224,
    "R6": 6,
    "R11": 4,
    "R12": 12,
    "R22": 12,
    "R23": 30,
    "R24": 40,
    "R25": 16,
    "R26": 12,
    "R27": 9,
    "R28": 13,
    "R29": 11,
}


def write_first_misses(mutant: Mutant, report: Path) -> int:
    """What each of its rows says first of what is wrong under the mutant, as JSON."""
    mutant.inject()
    with contextlib.redirect_stderr(open(os.devnull, "w")), bench() as made:
        misses = {name: _first_miss(name, made) for name in mutant.rows}
    report.write_text(json.dumps(misses))
    return 0


def _first_miss(name: str, made: Bench) -> str | None:
    rows = [row for row in ROWS if row.name == name]
    given = chain.from_iterable(verdicts(row, made, 0, COUNTS[name]) for row in rows)
    return next((verdict for verdict in given if verdict is not None), None)


def judged(mutant: Mutant, folder: Path) -> tuple[str, list[str]]:
    """Whether it is caught, by every row that it names, and a line for each of them."""
    report = folder / "misses.json"
    report.unlink(missing_ok=True)
    began = time.perf_counter()
    ended = forked(lambda: write_first_misses(mutant, report), folder / "log.txt", _MOST_SECONDS)
    if ended.code:
        late = time.perf_counter() - began > _MOST_SECONDS
        return "BREAKS", ["took too long" if late else last_line(ended.said)]
    misses = json.loads(report.read_text())
    lines = [f"{name:<4}{_short(miss or 'sees nothing')}" for name, miss in misses.items()]
    return "SURVIVES" if None in misses.values() else "caught", lines


def _short(text: str) -> str:
    return " ".join(text.split())[:90]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a mutant; all of them")
    names = parser.parse_args().names or list(MUTANTS)
    unknown = [name for name in names if name not in MUTANTS]
    if unknown:
        parser.error(f"no mutants: {unknown}; there are {', '.join(MUTANTS)}")
    for name in names:
        MUTANTS[name].found()  # one that changes nothing is an error before any is tried
    began, caught = time.perf_counter(), 0
    with scratch() as folder:
        for number, name in enumerate(names, 1):
            how, lines = judged(MUTANTS[name], folder)
            caught += how == "caught"
            print(f"{number:>3} {how:<9}{name}  ({MUTANTS[name].place})")
            print("".join(f"      {line}\n" for line in lines), end="", flush=True)
    seconds = time.perf_counter() - began
    print(f"R19  {caught} of {len(names)} mutants caught, {seconds:.0f} s")
    return 0 if caught == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
