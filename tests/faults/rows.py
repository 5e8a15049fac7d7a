"""The rows of the table: what is injected, how often in CI and by night."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import attrs
import rows_of_arrays
import rows_of_brought_code
import rows_of_changes
import rows_of_clocks
import rows_of_damage
import rows_of_full_disks
import rows_of_hostile_json
import rows_of_kills
import rows_of_links
import rows_of_locks
import rows_of_makers
import rows_of_numbers
import rows_of_output
import rows_of_pickles
import rows_of_plugins
import rows_of_power_loss
import rows_of_published
import rows_of_signals
import rows_of_source
import rows_of_texts
import rows_of_toml
import rows_of_weights
from small_run import Bench
from soak import short_soak
from strangers import Verdicts


@attrs.frozen
class Row:
    """`inject(bench, rng, count)` gives a verdict a fault."""

    name: str
    what: str
    inject: Callable[[Bench, random.Random, int], Verdicts]
    ci: int
    nightly: int


@attrs.frozen
class Figures:
    """What became of a row."""

    row: Row
    injected: int
    misses: tuple[str, ...]
    seconds: float

    @property
    def handled(self) -> int:
        return self.injected - len(self.misses)


ROWS = (
    Row("R1", "SIGKILL at any moment, half inside a write, every third twice",
        rows_of_kills.kills, 50, 500),
    Row("R2", "SIGKILL at each kind of moment of save, prune, rename",
        rows_of_kills.named_points, 28, 60),
    Row("R3", "power loss after each file operation", rows_of_power_loss.power_loss, 1, 1),
    Row("R4", "SIGINT, SIGTERM, two of them, SIGUSR1 then SIGTERM",
        rows_of_signals.signals, 24, 96),
    Row("R5", "checkpoints truncated, flipped, swapped, stale", rows_of_damage.damages, 224, 2240),
    Row("R6", "disk full (tmpfs), permission denied", rows_of_full_disks.full_disks, 24, 24),
    Row("R7", "experiments: bombs, devices, wrong values", rows_of_toml.experiments, 251, 251),
    Row("R8", "experiments: random mutations", rows_of_toml.fuzzed, 500, 20_000),
    Row("R9", "weights: headers that lie, sizes, NaN", rows_of_weights.weights, 100, 1000),
    Row("R10", "pickles that would run", rows_of_pickles.pickles, 72, 72),
    Row("R10", "npz and pictures that lie or swell",
        rows_of_arrays.arrays_and_pictures, 100, 1000),
    Row("R11", "NaN, infinity in loss, gradient, data, teacher",
        rows_of_numbers.non_finite, 40, 40),
    Row("R11", "stopped among skipped steps, resumed",
        rows_of_numbers.skipped_and_resumed, 4, 4),
    Row("R12", "two processes on a run; odd lock files", rows_of_locks.locks, 12, 12),
    Row("R13", "plug-ins that fail", rows_of_plugins.plugins, 30, 30),
    Row("R14", "data that fail", rows_of_plugins.data, 20, 20),
    Row("R17", "resumed with another experiment or versions",
        rows_of_changes.changes, 20, 20),
    Row("R22", "links, FIFOs, devices under every name of a run", rows_of_links.links, 30, 1500),
    Row("R23", "output closed, full, broken, under every verb", rows_of_output.outputs, 24, 90),
    Row("R24", "JSON of a run that lies", rows_of_hostile_json.hostile_json, 25, 2000),
    Row("R25", "SIGKILL in evaluate, report, compare, export",
        rows_of_published.kills_after_training, 8, 300),
    Row("R26", "disk full or denied in the same",
        rows_of_published.full_disks_after_training, 8, 200),
    Row("R27", "code that a stranger's run brings", rows_of_brought_code.brought_code, 12, 48),
    Row("R28", "words that steer a terminal or a table", rows_of_texts.texts, 6, 13),
    Row("R29", "options and headers beyond sense", rows_of_texts.numbers, 11, 11),
    Row("R30", "SIGKILL, disk full or denied in sweep, convert, pack",
        rows_of_makers.kills_and_full_disks, 9, 300),
    Row("R18", "source files with a door for strangers", rows_of_source.source, 1, 1),
    Row("R20", "soak: memory, descriptors, checkpoints", short_soak, 1500, 1500),
    Row("R21", "clocks that jump, files dated at random", rows_of_clocks.clocks, 12, 120),
)  # fmt: skip


def verdicts(row: Row, bench: Bench, seed: int, count: int) -> Verdicts:
    """A verdict for each fault, as it is made."""
    return row.inject(bench, random.Random(f"{row.name}{seed}"), count)


def measure(row: Row, bench: Bench, seed: int, count: int) -> Figures:
    began = time.perf_counter()
    found = list(verdicts(row, bench, seed, count))
    misses = tuple(v for v in found if v is not None)
    return Figures(row, len(found), misses, time.perf_counter() - began)
