"""The Inception-v3 network of 2015, as NVIDIA's TorchScript file, through clean-fid.

clean-fid downloads what it lacks; here the file must be there, and if it is not the message says
where from and where to. clean-fid is imported only when this is asked for.
"""

from __future__ import annotations

import functools
import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, SampleBlock, UserError
from secantfw_fid.feature_options import Resize
from secantfw_fid.feature_space import pictures_of

NAME = "inception-2015-12-05.pt"
SOURCE = "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/" + NAME


class InceptionNetwork:
    """Features and class probabilities of pictures (n, height, width, 1 or 3) uint8.

    `resize` is "clean" (clean-fid's antialiased bicubic filter, outside), "tensorflow" (inside the
    network, bilinear, as ADM's and EDM's numbers are made) or "torch" (bilinear, outside).

    Raises:
        UserError: data that are no pictures, no such file, or not the network.
    """

    def __init__(
        self, dataset: Dataset, device: torch.device, weights: str | None, resize: Resize
    ) -> None:
        _check_pictures(dataset)
        file = _weights_file(weights)
        self.identity = f"{_digest(file)} {resize}" if resize != "clean" else _digest(file)
        self._device, self._resize = device, resize
        self._net = _network(file, device)

    def features(self, pictures: Tensor) -> Tensor:
        """(n, 2048)."""
        self._net.resize_inside = self._resize == "tensorflow"
        features: Tensor = self._net(self._pixels(pictures))
        return features

    def probabilities(self, pictures: Tensor) -> Tensor:
        """(n, 1008), of the classes, without the last layer's bias, as the Inception score was
        defined in TensorFlow. Resized inside."""
        found: Tensor = self._net.base(self._rgb(pictures), no_output_bias=True)
        return found

    def _pixels(self, pictures: Tensor) -> Tensor:
        if self._resize == "tensorflow":
            return self._rgb(pictures)
        from cleanfid.resize import build_resizer

        resize = build_resizer("clean" if self._resize == "clean" else "legacy_pytorch")
        rgb = np.broadcast_to(pictures.numpy(), (*pictures.shape[:3], 3))
        resized = np.stack([resize(picture) for picture in rgb])
        return torch.from_numpy(resized).movedim(-1, 1).to(self._device)

    def _rgb(self, pictures: Tensor) -> Tensor:
        return pictures.expand(-1, -1, -1, 3).movedim(-1, 1).contiguous().to(self._device)


def _check_pictures(dataset: Dataset) -> None:
    """By asking for the pictures of no samples."""
    shape = dataset.spec.shape
    if len(shape) != 3:
        raise UserError(
            "metric: features = 'inception' takes grey or RGB pictures, these items have shape "
            f"{shape}"
        )
    channels = pictures_of(dataset, SampleBlock(torch.empty((0, *shape)))).shape[-1]
    if channels not in (1, 3):
        raise UserError(
            "metric: features = 'inception' takes grey or RGB pictures, these have "
            f"{channels} channels"
        )


def _weights_file(given: str | None) -> Path:
    """The weights: the file given, or the one clean-fid would have downloaded."""
    file = Path(given) if given else Path(tempfile.gettempdir()) / NAME
    if not file.is_file():
        raise UserError(
            f"metric: {file} is missing; get {SOURCE} and put it there, or name the file in the "
            "metric's option `weights`; for frechet features = 'fashion16' or 'identity' need none"
        )
    if file.name != NAME:
        raise UserError(f"metric: {file}: clean-fid wants the file to be called {NAME}")
    return file


@functools.lru_cache(maxsize=1)
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=1)  # two metrics of one run share it
def _network(file: Path, device: torch.device) -> Any:
    from cleanfid.inception_torchscript import InceptionV3W

    try:
        return InceptionV3W(str(file.parent), download=False).to(device).eval()
    except (RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"metric: {file}: not the Inception network ({reason})") from error
