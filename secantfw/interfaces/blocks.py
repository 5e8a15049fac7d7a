"""The blocks that a network consists of, by which it is compiled, and shared out."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn


def blocks_of(network: nn.Module) -> Iterator[nn.Module]:
    """The members of its outermost lists and dicts of modules."""
    for child in network.children():
        if isinstance(child, nn.ModuleList | nn.ModuleDict):
            yield from child.children()
        else:
            yield from blocks_of(child)
