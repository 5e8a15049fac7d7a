"""R19: seeded bugs in the code that must not have any; each must be caught by small rows.

    python tests/faults/mutants.py

A mutant is a wrong function (wrong_functions.py) in a fork that imports secantfw anew, torch kept.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).parents[1]))

import torch as torch
from fork_server import forked
from small_run import scratch
from wrong_functions import MUTANTS, Mutant

#: For a mutant; longer than a busy machine takes to make the straight run and a few faults.
_MOST_SECONDS = 1800.0
COUNTS = {
    "R1": 4,
    "R2": 6,
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


def caught(mutant: Mutant) -> int:
    """0 if a row misses something or breaks under the mutant: it is caught; 7 if none does."""
    mutant.apply()
    with contextlib.redirect_stderr(open(os.devnull, "w")):
        from rows import ROWS, measure
        from small_run import bench

        with bench() as made:
            for row in ROWS:
                if row.name in mutant.rows and measure(row, made, 0, COUNTS[row.name]).misses:
                    return 0
    return 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=1, help="number of the first (1)")
    parser.add_argument("--last", type=int, default=len(MUTANTS), help="number of the last")
    given = parser.parse_args()
    chosen = MUTANTS[given.first - 1 : given.last]
    began, survivors = time.perf_counter(), []
    with scratch() as folder:
        for number, mutant in enumerate(chosen, given.first):
            ended = forked(lambda m=mutant: caught(m), folder / "log.txt", _MOST_SECONDS)
            alive = ended.code == 7 or ended.code < 0  # killed for its time: nothing was shown
            survivors += [mutant] if alive else []
            how = "SURVIVES" if alive else "caught"
            print(f"{number:>3} {how:<9} {' '.join(mutant.rows):<7} {mutant.what}", flush=True)
            if ended.code not in (0, 7) and not alive:
                print(f"    (by breaking: {ended.said.strip().splitlines()[-1:]})")
    done, seconds = len(chosen) - len(survivors), time.perf_counter() - began
    print(f"R19  {done} of {len(chosen)} mutants caught, {seconds:.0f} s")
    return 0 if done >= 0.96 * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
