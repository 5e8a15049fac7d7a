"""Before the first step: does a step fit into memory?

    bound = program + weights + 4 (rows x bytes of a row of the plan's forward pass + gradients)

The plan evaluates the loss on two rows anyway, and counting what that keeps takes milliseconds. A
step keeps as much as its forward pass (0.99 to 1.04 of it in this repository's experiments), with
recomputed activations up to twice that. Where four times that does not fit, the step is counted on
the meta device as `check` counts it, which takes seconds. Nothing is drawn, and the run's networks
are left alone.
"""

from __future__ import annotations

from functools import partial

import attrs
import torch

from secantfw.assembly.build import Built, build_experiment
from secantfw.discovery.records import Plugins
from secantfw.errors import Problem
from secantfw.forecast.cost import HEAP, kept_weight_bytes
from secantfw.forecast.memory_need import (
    PROGRAM_BYTES,
    MemoryNeed,
    memory_need,
    memory_problem,
    rows_at_once,
)
from secantfw.parallel.processes import Processes
from secantfw.runtime.memory import available_bytes
from secantfw.weights.formats import weights_formats

_SAFETY = 4


def memory_problems(
    built: Built, plugins: Plugins, row_bytes: int, processes: Processes, spared: float = 0.0
) -> list[Problem]:
    """One, where a step of a process is known not to fit; `row_bytes` 0: not known beforehand.

    `spared`: bytes that the engine shares out.
    """
    train = built.experiment.train
    rows = rows_at_once(train, len(processes.rows(train.batch_size)))
    room = _room(built, processes)
    if room is None or (row_bytes and _bound(built, rows * row_bytes) <= room):
        return []
    need = _counted(built, plugins, rows)
    if need is None:
        return []
    need = attrs.evolve(need, needed=need.needed - int(spared), available=room)
    problem = memory_problem(need, built.experiment)
    return [] if problem is None else [problem]


def _room(built: Built, processes: Processes) -> int | None:
    """What this process can have, with what it has taken already: the networks and the program.

    On a CPU the processes of a machine share its memory.
    """
    free = available_bytes(built.device)
    if free is None:
        return None
    if built.device.type == "cpu":
        free //= processes.local_size
    return free + _held(built) + PROGRAM_BYTES


def _held(built: Built) -> int:
    """Student, average and teacher; the moments come with the first step."""
    return kept_weight_bytes(built) - 2 * built.parameter_bytes()


def _bound(built: Built, forward_bytes: int) -> float:
    alive = _SAFETY * (forward_bytes + built.parameter_bytes())
    heap = HEAP if built.device.type == "cpu" else 1.0
    return PROGRAM_BYTES + kept_weight_bytes(built) + heap * alive


def _counted(built: Built, plugins: Plugins, rows: int) -> MemoryNeed | None:
    """None for a loss that cannot be evaluated on the meta device."""
    e, meta = built.experiment, torch.device("meta")
    try:
        planned = build_experiment(e, meta, partial(weights_formats, plugins))
        return memory_need(planned, rows=rows)
    except Exception:  # what only counts must not stop a run; `check` says why it cannot
        return None
