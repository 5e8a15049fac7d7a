"""Guidance and update in one Triton kernel:  x + (s - t) (u + w (l - u)),  one pass over x.

By torch's own operations it is two or, where only some channels are guided, four passes. Imported
where it is used only; with TRITON_INTERPRET=1 set before that it runs on the CPU.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from secantfw import SecantParts

_BLOCK = 1024  # numbers a program: the work is memory traffic, and x of one sample is small


@triton.jit  # type: ignore[untyped-decorator,unused-ignore]
def _guided_step(
    x_ptr: Any,
    labelled_ptr: Any,
    unlabelled_ptr: Any,
    width_ptr: Any,
    scale_ptr: Any,
    out_ptr: Any,
    size: Any,
    guided: Any,
    BLOCK: tl.constexpr,
) -> None:
    """Program (b, k) is numbers k BLOCK ... of row b; the first `guided` of a row are guided."""
    row = tl.program_id(0)
    place = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = place < size
    told = place < guided
    at = row.to(tl.int64) * size + place
    x = tl.load(x_ptr + at, mask=inside)
    labelled = tl.load(labelled_ptr + at, mask=inside).to(x.dtype)
    unlabelled = tl.load(unlabelled_ptr + at, mask=told, other=0.0).to(x.dtype)
    w = tl.load(scale_ptr + row)
    # From the nearer end, as torch.lerp: w = 1 gives the labelled output bit for bit.
    apart = labelled - unlabelled
    near = unlabelled + w * apart
    far = labelled - (1 - w) * apart
    f = tl.where(told, tl.where(tl.abs(w) < 0.5, near, far), labelled)
    tl.store(out_ptr + at, x + tl.load(width_ptr + row) * f, mask=inside)


def fused_update(x: Tensor, width: Tensor, parts: SecantParts) -> Tensor:
    """x + width f, (B, *), where `parts` has guidance; the outputs may be of half precision."""
    assert parts.unlabelled is not None
    assert parts.scale is not None
    x = x.contiguous()
    out = torch.empty_like(x)
    size = x[0].numel()
    channels = parts.channels
    guided = size if channels is None else min(channels, x.shape[1]) * (size // x.shape[1])
    blocks = triton.cdiv(size, _BLOCK)
    _guided_step[(len(x), blocks)](
        x,
        parts.labelled.contiguous(),
        parts.unlabelled.contiguous(),
        width.contiguous(),
        parts.scale.contiguous(),
        out,
        size,
        guided,
        BLOCK=_BLOCK,
    )
    return out
