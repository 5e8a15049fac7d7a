"""Samples of a run, which a notebook shows as pictures."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from torch import Tensor

_SHOWN = 64
_PIXELS = 320  # a grid of small pictures is enlarged to about this


@final
@attrs.frozen(eq=False)
class Samples:
    """Samples 0..n-1, which `secantfw sample` with the same seed and steps draws bit for bit.

    `x` (n, *) float32 on the CPU, as the solver left them; `pictures` (n, height, width, 1 or 3)
    uint8, None for data that are no pictures; `labels` (n,) int64, None for data without classes.
    Where x are latents, `pictures` are decoded.
    """

    x: Tensor
    pictures: Tensor | None
    labels: Tensor | None
    steps: int
    seed: int

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[Tensor]:
        """The pictures, or the rows of `x` where there are none."""
        return iter(self.x if self.pictures is None else self.pictures)

    def save_grid(self, file: str | Path, columns: int | None = None, scale: int = 1) -> Path:
        """Write the pictures as one PNG, `columns` to a row (a square by default).

        Raises:
            UserError: the data are no pictures.
        """
        from secantfw.errors import UserError
        from secantfw.pictures.pictures import save_grid

        if self.pictures is None:
            raise UserError(f"samples of shape {tuple(self.x.shape[1:])} are no pictures")
        save_grid(self.pictures.numpy(), Path(file), columns, scale)
        return Path(file)

    def __repr__(self) -> str:
        n, shape = len(self), tuple(self.x.shape[1:])
        return f"<{n} samples of shape {shape}, {self.steps} steps, seed {self.seed}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the first pictures as a grid; of other data a line of text."""
        import html

        said = html.escape(repr(self))
        if self.pictures is None or not len(self):
            return f"<p>{said}</p>"
        shown = attrs.evolve(self, pictures=self.pictures[:_SHOWN])
        side = round(min(len(self), _SHOWN) ** 0.5 + 0.49) * self.pictures.shape[1]
        with tempfile.TemporaryDirectory() as folder:
            grid = shown.save_grid(Path(folder) / "grid.png", scale=max(1, _PIXELS // side))
            data = base64.b64encode(grid.read_bytes()).decode("ascii")
        return f'<img alt="{said}" src="data:image/png;base64,{data}"><p>{said}</p>'
