"""Small tensor functions that every loss and solver needs."""

from __future__ import annotations

from torch import Tensor


def at(value: Tensor, x: Tensor) -> Tensor:
    """Reshape per-row numbers (B,) so that they broadcast over x (B, *)."""
    return value.reshape(value.shape[0], *(1,) * (x.ndim - 1))


def mean_flat(x: Tensor) -> Tensor:
    """Mean over all axes but the first: (B, *) -> (B,)."""
    return x.flatten(1).mean(1)


def stop_grad(x: Tensor) -> Tensor:
    """sg(x): the same values, out of the graph."""
    return x.detach()
