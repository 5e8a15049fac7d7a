"""Latents from the rows that hold them: checked, and drawn where they are posteriors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from secantfw import UserError
from secantfw_data.latent_shards import Source
from secantfw_data.stored_array import StoredArray
from secantfw_data.stored_rows import StoredRows


def read_latents(
    stored: StoredRows,
    sources: Sequence[Source],
    rows: NDArray[np.int64],
    index: Tensor,
    shape: tuple[int, ...],
) -> Tensor:
    """float32 (k, *): row `rows[n]` of `sources[n]`; the noise of a posterior is by `index[n]`.

    Rows of one form are read in one go, in the order in which they lie in their files.
    """
    found = torch.empty((len(sources), *shape))
    groups: dict[object, list[int]] = {}
    for n, source in enumerate(sources):
        groups.setdefault(source.form, []).append(n)
    for group in groups.values():
        where = torch.tensor(group)
        chosen = [sources[n] for n in group]
        found[where] = _of_one_form(stored, chosen, rows[group].tolist(), index[where], shape[0])
    return found


def _of_one_form(
    stored: StoredRows, sources: Sequence[Source], rows: list[int], index: Tensor, channels: int
) -> Tensor:
    means = [source.mean for source in sources]
    latent = _finite(stored, means, rows)
    deviations = [source.std for source in sources if source.std is not None]
    if deviations:
        std = _finite(stored, deviations, rows)
        check_std(deviations, std, rows)
    elif latent.shape[1] == channels:
        return latent
    else:
        latent, std = (half.contiguous() for half in latent.chunk(2, 1))
        check_std(means, std, rows)
    return torch.addcmul(latent, std, _noise(index, latent.shape[1:]))


def _finite(stored: StoredRows, arrays: Sequence[StoredArray], rows: list[int]) -> Tensor:
    found = stored.read(arrays, rows).float()
    check_finite(arrays, found, rows)
    return found


def check_finite(arrays: Sequence[StoredArray], values: Tensor, rows: Sequence[int]) -> None:
    """`values[n]` (float32) is row `rows[n]` of `arrays[n]`.

    Raises:
        UserError: one is not finite, by its place.
    """
    if torch.isfinite(values).all():
        return
    n = int((~torch.isfinite(values)).flatten(1).any(1).nonzero()[0])
    raise UserError(f"{arrays[n].place}: row {rows[n]} is not finite")


def check_std(arrays: Sequence[StoredArray], std: Tensor, rows: Sequence[int]) -> None:
    """As `check_finite`, of standard deviations, which are not negative."""
    bad = (std < 0).flatten(1).any(1).nonzero().flatten().tolist()
    if bad:
        raise UserError(
            f"{arrays[bad[0]].place}: row {rows[bad[0]]} has a negative standard deviation; are "
            "these log-variances?"
        )


def _noise(index: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard normal (k, *), row by row a function of the index alone."""
    rng, found = torch.Generator(), torch.empty((len(index), *shape))
    for n, i in enumerate(index.tolist()):
        torch.randn(shape, generator=rng.manual_seed(i), out=found[n])
    return found
