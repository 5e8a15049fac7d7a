"""From latents to pictures by diffusers' AutoencoderKL, with weights from a folder of the user's.

diffusers (`pip install 'secantfw[vae]'`) is imported when the first picture is asked for; nothing
is downloaded, and only safetensors are read.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from secantfw import UserError
from secantfw_data.pixels import to_uint8

CONFIG, WEIGHTS = "config.json", "diffusion_pytorch_model.safetensors"
SOURCE = "https://huggingface.co/stabilityai/sd-vae-ft-ema"
_CHUNK = 16  # pictures decoded at once: bounds memory


class LatentDecoder:
    """pictures = decode(x / scale). The autoencoder follows the latents to their device.

    Raises:
        UserError: diffusers or a file of the folder is missing; said when it is built.
    """

    def __init__(self, folder: str, scale: float) -> None:
        if importlib.util.find_spec("diffusers") is None:
            raise UserError("dataset latents: `vae` needs diffusers; pip install 'secantfw[vae]'")
        for name in (CONFIG, WEIGHTS):
            if not Path(folder, name).is_file():
                raise UserError(f"{folder}: no {name} in it; get both files from {SOURCE}")
        self._folder, self._scale = folder, scale
        self._vae: Any = None
        content = b"".join(Path(folder, name).read_bytes() for name in (CONFIG, WEIGHTS))
        self.identity = hashlib.sha256(content).hexdigest()  # wherever the folder lies

    @torch.no_grad()
    def pictures(self, x: Tensor) -> Tensor:
        """(n, *) -> (n, height, width, 3) uint8 on the CPU."""
        if self._vae is None:
            self._vae = _load(self._folder)
        self._vae.to(x.device)
        parts = [self._decoded(part) for part in torch.split(x, _CHUNK) if len(part)]
        return torch.cat(parts) if parts else self._none(x)

    def _decoded(self, x: Tensor) -> Tensor:
        return to_uint8(self._vae.decode(x.float() / self._scale).sample).movedim(1, -1).cpu()

    def _none(self, x: Tensor) -> Tensor:
        """No pictures, of the right size: every level of the decoder but one doubles the side."""
        config = self._vae.config
        factor = 2 ** (len(config.block_out_channels) - 1)
        shape = (0, factor * x.shape[2], factor * x.shape[3], config.out_channels)
        return torch.empty(shape, dtype=torch.uint8)


def _load(folder: str) -> Any:
    from diffusers import AutoencoderKL

    try:
        load: Any = AutoencoderKL.from_pretrained
        vae = load(folder, local_files_only=True, use_safetensors=True, low_cpu_mem_usage=False)
    except Exception as error:  # configurations of other models fail in many ways
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{folder}: cannot be loaded as an AutoencoderKL ({reason})") from error
    return vae.eval().requires_grad_(False)
