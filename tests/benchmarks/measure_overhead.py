"""`python tests/benchmarks/measure_overhead.py`: microseconds a step beside a hand-written loop.

Interleaved runs of both loops in alternating order, process time, one thread, median of paired
differences; the same loop against itself first, as the resolution of this machine.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from time import process_time

import torch
from null_experiment import prepare_null
from test_overhead import by_hand, framework

PAIRS, STEPS = 60, 100


def paired_microseconds(first, second) -> float:
    """Median of (second - first) a step, in microseconds."""
    differences = []
    for pair in range(PAIRS):
        spent = {}
        for call in (first, second) if pair % 2 else (second, first):
            start = process_time()
            call()
            spent[call] = process_time() - start
        differences.append((spent[second] - spent[first]) / STEPS * 1e6)
    return statistics.median(differences)


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        run = prepare_null(Path(folder))
        hand, again = by_hand(run, STEPS), by_hand(run, STEPS)
        framework(run, 3)
        hand()
        print(f"A/A: {paired_microseconds(hand, again):+.1f} us a step")
        ours = paired_microseconds(hand, lambda: framework(run, STEPS))
        print(f"framework - hand-written: {ours:+.1f} us a step")


if __name__ == "__main__":
    main()
