"""Ends of the teacher's ODE from the noise of each sample, on disk: rows share them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from secantfw.interfaces.records import DataSpec
from secantfw.interfaces.solver import Field, Solver
from secantfw.sampling.array_file import ArrayFile
from secantfw.sampling.draw import Start, draw


class Endpoints:
    """Samples 0..count-1 as the reference solver has them, (count, *), in `file`."""

    def __init__(self, file: Path, spec: DataSpec, count: int) -> None:
        self._file, self._shape = file, (count, *spec.shape)

    @property
    def complete(self) -> bool:
        return self._file.is_file()

    def fill(
        self, field: Field, solver: Solver, steps: int, starts: Callable[[], Iterator[Start]]
    ) -> None:
        """Solve for all of them; the file has its name once it is whole."""
        unfinished = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        unfinished.unlink(missing_ok=True)
        with ArrayFile(unfinished, self._shape) as array:
            for start in starts():
                ends = draw(field, solver, start, steps).cpu().numpy()
                for number, end in zip(start.numbers, ends, strict=False):
                    array.write(number, end)
        os.replace(unfinished, self._file)

    def read(self, numbers: range, device: torch.device) -> Tensor:
        """Those of the samples `numbers`, (n, *)."""
        with ArrayFile(self._file, self._shape) as array:
            return torch.from_numpy(array.read(numbers.start, len(numbers))).to(device)
