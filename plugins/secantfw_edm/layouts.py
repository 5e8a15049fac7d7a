"""How pictures lie in memory, by option."""

from __future__ import annotations

import torch

LAYOUTS = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
}
