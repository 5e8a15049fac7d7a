"""Whether an interval is one that a grid of times trains."""

from __future__ import annotations

import torch
from torch import Tensor

#: Of float32 arithmetic on times, by two routes to the same node.
TIME_TOLERANCE = 1e-5


def at_node(nodes: Tensor, t: Tensor) -> Tensor:
    """Whether each of t, (n,), is one of `nodes`, (m,); (n,) bool."""
    return ((nodes - t.unsqueeze(1)).abs() <= TIME_TOLERANCE).any(1)


def in_segments(nodes: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Whether the upper end of [t, s] is a node, and the lower one no further than the next.

    Args:
        nodes: (N + 1,), increasing, the times between which segments lie.
        t: (n,), either end.
        s: (n,), the other.

    Returns:
        (n,) bool.
    """
    upper, lower = torch.maximum(t, s), torch.minimum(t, s)
    i = torch.searchsorted(nodes, upper - TIME_TOLERANCE).clamp(1, len(nodes) - 1)
    return at_node(nodes, upper) & (lower >= nodes[i - 1] - TIME_TOLERANCE)
