"""How many samples fit into memory at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from secantfw_cuda.given import Given

_TRIED = 8  # rows on which the memory of a row is measured


def rows_that_fit(run: Callable[[Given], Tensor], given: Given, share: float) -> int:
    """Rows whose evaluation takes at most `share` of the free memory of their CUDA device,
    measured on a few of them. Waits for the device, and starts its peak statistics anew.
    """
    device = given.x.device
    few = given.map(lambda tensor: tensor[:_TRIED])
    torch.cuda.synchronize(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    run(few)
    each = max(1, (torch.cuda.max_memory_allocated(device) - before) // len(few))
    free = torch.cuda.mem_get_info(device)[0]
    cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return max(1, int(share * (free + cached)) // each)
