"""A solve recorded as one CUDA graph, with buffers that stay where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from secantfw_cuda.given import Given

#: Runs before recording: libraries choose their algorithms and get their work space in them.
_WARM_UPS = 3

#: The memory pool that graphs share, by a handle whose type torch keeps to itself.
Pool = Any


class Recorded:
    """`run(given)` recorded for inputs of one signature.

    Recorded are addresses: weights that change in place are seen by the next replay, weights that
    are replaced are not. Graphs of one pool use the same memory, so an end is copied at once.
    """

    def __init__(self, run: Callable[[Given], Tensor], given: Given, pool: Pool) -> None:
        device = given.x.device
        # Buffers made under inference mode could not be written to outside of it.
        with torch.inference_mode(False), torch.no_grad(), torch.cuda.device(device):
            self._buffers = given.map(torch.clone)
            side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(side):
                for _ in range(_WARM_UPS):
                    run(self._buffers)
            torch.cuda.current_stream(device).wait_stream(side)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, pool=pool, stream=side):
                self._end = run(self._buffers)

    def __call__(self, given: Given) -> Tensor:
        """The end for other inputs of the same signature; nothing waits for the device."""
        for buffer, tensor in zip(self._buffers.tensors(), given.tensors(), strict=True):
            buffer.copy_(tensor, non_blocking=True)
        self._graph.replay()
        return self._end.clone()
