"""`[train] precision`: the dtypes that it names."""

from __future__ import annotations

from collections.abc import Mapping

import torch

#: Of autocast; None: none.
AUTOCAST: Mapping[str, torch.dtype | None] = {
    "fp32": None,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
