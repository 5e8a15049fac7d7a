"""A feature network given by path: DINOv2, CLIP or any other, as in arXiv:2306.04675.

A file is TorchScript, (n, 3, size, size) -> (n, d); a folder is one of transformers
(https://huggingface.co/facebook/dinov2-large for one). Pictures are resized by clean-fid's
antialiased bicubic filter. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, UserError
from secantfw_fid.feature_options import FeatureOptions
from secantfw_fid.feature_space import PictureFeatures
from secantfw_fid.transformers_network import CONFIG, WEIGHTS, colours, load_transformer

#: Of ImageNet's colours.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class NetworkFeatures(PictureFeatures):
    """Features of pictures, grey ones in three equal channels."""

    def __init__(self, dataset: Dataset, device: torch.device, options: FeatureOptions) -> None:
        super().__init__(dataset)
        assert options.network is not None
        path, self._size = Path(options.network), options.network_size
        folder = path.is_dir()
        self._device = device
        self.name, self._sha256 = path.name, _sha256(path)
        mean = options.network_mean or (colours(path, "image_mean") if folder else None) or _MEAN
        std = options.network_std or (colours(path, "image_std") if folder else None) or _STD
        self._mean, self._std = (torch.tensor(v).view(1, 3, 1, 1).to(device) for v in (mean, std))
        self.resize = f"clean, {self._size} pixels, mean {list(mean)}, std {list(std)}"
        self._net = _network(path, device)
        with torch.no_grad():
            probe = torch.zeros(1, 3, self._size, self._size, device=device)
            self.dimension = int(self._checked(probe).shape[1])

    def mapped(self, seen: Tensor) -> Tensor:
        from cleanfid.resize import make_resizer

        resize = make_resizer("PIL", False, "bicubic", (self._size, self._size))
        rgb = np.broadcast_to(seen.numpy(), (*seen.shape[:3], 3))
        resized = np.stack([resize(p) for p in rgb]) if len(rgb) else np.zeros((0, 1, 1, 3))
        pixels = torch.from_numpy(resized).movedim(-1, 1).to(self._device, torch.float32) / 255
        return self._net((pixels - self._mean) / self._std)

    def identity(self) -> str:
        return self._sha256

    def _checked(self, probe: Tensor) -> Tensor:
        try:
            found = self._net(probe)
        except Exception as error:  # whatever a strange network raises
            raise _unusable(self.name, error) from error
        if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != 1:
            raise UserError(f"metric: {self.name}: gives no (n, d) for (n, 3, size, size)")
        return found


def _network(path: Path, device: torch.device) -> Callable[[Tensor], Tensor]:
    try:
        return load_transformer(path, device) if path.is_dir() else _torchscript(path, device)
    except UserError:
        raise
    except Exception as error:  # whatever a strange file or configuration raises
        raise _unusable(path.name, error) from error


def _torchscript(file: Path, device: torch.device) -> Callable[[Tensor], Tensor]:
    net: Any = torch.jit.load(str(file), map_location=device)  # type: ignore[no-untyped-call]
    net.eval()
    return lambda x: net(x)  # type: ignore[no-any-return]


def _sha256(path: Path) -> str:
    """Of the file, or of the folder's configuration and weights."""
    files = [path / CONFIG, path / WEIGHTS] if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if not file.is_file():
            raise UserError(f"metric: {file}: is missing; a network is a TorchScript file or a "
                            f"folder with {CONFIG} and {WEIGHTS}")  # fmt: skip
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _unusable(name: str, error: Exception) -> UserError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return UserError(f"metric: {name}: cannot be used as a feature network ({reason})")
