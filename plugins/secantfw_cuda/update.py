"""x_s = x_t + (s - t) f from the parts of f: by torch's operations, or by one kernel."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from secantfw import SecantParts, UserError, at
from secantfw_cuda.options import Kernel

#: (x (B, *), width (B,), parts) -> (B, *)
Update = Callable[[Tensor, Tensor, SecantParts], Tensor]


def by_torch(x: Tensor, width: Tensor, parts: SecantParts) -> Tensor:
    """The operations of `secant`, in x's dtype."""
    return torch.addcmul(x, at(width, x), parts.to(x.dtype).combined())


def by_kernel(x: Tensor, width: Tensor, parts: SecantParts) -> Tensor:
    """One kernel where there is guidance; without it torch's single operation is one already."""
    if parts.unlabelled is None:
        return by_torch(x, width, parts)
    from secantfw_cuda.kernel import fused_update

    return fused_update(x, width, parts)


def update_for(kernel: Kernel, device: torch.device) -> Update:
    """The update that `kernel` names.

    Raises:
        UserError: a kernel where Triton is not installed.
    """
    if kernel == "torch" or (kernel == "auto" and device.type != "cuda"):
        return by_torch
    try:
        import triton  # noqa: F401
    except ImportError as error:
        if kernel == "auto":
            return by_torch
        raise UserError("kernel = 'triton' needs Triton; pip install triton") from error
    return by_kernel
