"""The sections, the most telling first, since a budget may end before they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from decoding import decoding
from report import Figure
from samplers import parity, samplers
from session import Session
from training import losses, optimizer, trace, training


def ceilings(session: Session) -> Iterator[Figure]:
    """What arithmetic and memory reach here; all shares are of the first."""
    yield Figure("product in bf16", session.ceiling / 1e12, "TFLOP/s")
    size = 1 << (16 if session.tiny else 30)
    source = torch.empty(size, dtype=torch.uint8, device=session.device)
    target = torch.empty_like(source)
    spent = session.milliseconds(lambda: target.copy_(source))
    yield Figure("copy", 2 * size / spent / 1e9, "TB/s")


SECTIONS: Mapping[str, Callable[[Session], Iterator[Figure]]] = {
    "ceilings": ceilings,
    "parity": parity,
    "training": training,
    "trace": trace,
    "optimizer": optimizer,
    "samplers": samplers,
    "losses": losses,
    "decoding": decoding,
}
