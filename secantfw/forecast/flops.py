"""FLOPs of whatever runs inside: of matrix products, convolutions and attention, as torch counts.

torch's own FlopCounterMode also follows modules, by hooks that derivatives of gradients do not
pass; and it leaves out attention on a CPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention
_ATTENTION_ON_CPU = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu


class CountedFlops(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """`with CountedFlops() as spent`: `spent.flops`, a multiplication and addition being two."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        packet = func.overloadpacket
        count = flop_registry.get(_ATTENTION if packet is _ATTENTION_ON_CPU else packet)
        if count is None and func.namespace == "aten":
            with self:  # in inference mode a linear layer comes whole
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        out = func(*args, **(kwargs or {}))
        if count is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=out)
        return out
