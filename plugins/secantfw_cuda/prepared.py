"""What is made once for a field: its step, and how many samples it evaluates at once."""

from __future__ import annotations

import attrs

from secantfw import Field
from secantfw_cuda.given import Given
from secantfw_cuda.grid import Grid
from secantfw_cuda.options import Backend, SecantCompiledOptions, SecantGraphOptions
from secantfw_cuda.rows import rows_that_fit
from secantfw_cuda.steps import Step, compiled, sample, step_of
from secantfw_cuda.update import Update


@attrs.frozen(eq=False)
class Prepared:
    """Of one field and one shape. It holds the field, so that nothing else gets its `id`."""

    field: Field
    step: Step
    rows: int | None  # None: all

    @staticmethod
    def key(field: Field, given: Given, backend: Backend) -> tuple[object, ...]:
        """What solves may share: the same field, items of one shape and dtype; and, since what is
        compiled is compiled for a shape, the number of rows.
        """
        x = given.x
        shape = (x.shape[1:], x.dtype, x.device)
        return (id(field), *(shape if backend == "none" else given.signature()))


def prepare(
    field: Field,
    given: Given,
    options: SecantGraphOptions | SecantCompiledOptions,
    update: Update,
    backend: Backend,
) -> Prepared:
    """The step, and the rows that the options give or the memory leaves."""
    step = step_of(field, update, options.precision)
    ready = step if backend == "none" else compiled(step, backend, options.fullgraph)
    rows = options.rows
    if rows is None and given.x.device.type == "cuda":
        one = Grid(field.path, 1, options)
        rows = rows_that_fit(lambda few: sample(step, one, few), given, options.memory)
    return Prepared(field, ready, rows)
