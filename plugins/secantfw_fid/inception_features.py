"""Inception-v3 features through clean-fid: its network, its resizing, its reference statistics.

clean-fid downloads what it lacks; here every file must be there, and a missing one is a message
that says which file, where from and where to. clean-fid is imported only when this is asked for.
"""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, UserError
from secantfw_fid.feature_space import FeatureSpace, pictures_of
from secantfw_fid.gaussian import Gaussian

NAME = "inception-2015-12-05.pt"
SOURCE = "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/" + NAME
STATISTICS = "https://www.cs.cmu.edu/~clean-fid/stats/"


class InceptionFeatures(FeatureSpace):
    """2048 features of pictures resized to 299x299 by clean-fid's bicubic filter."""

    dimension = 2048

    def __init__(self, dataset: Dataset, device: torch.device, weights: str | None) -> None:
        if len(dataset.spec.shape) != 3 or dataset.spec.shape[0] not in (1, 3):
            raise UserError(
                "metric frechet: features = 'inception' takes grey or RGB pictures, "
                f"these items have shape {dataset.spec.shape}"
            )
        file = _weights_file(weights)
        self._dataset, self._device = dataset, device
        self._identity = hashlib.sha256(file.read_bytes()).hexdigest()
        self._net = _network(file).to(device).eval()
        from cleanfid.resize import build_resizer

        self._resize = build_resizer("clean")

    def features(self, x: Tensor) -> Tensor:
        pixels = pictures_of(self._dataset, x).numpy()
        rgb = np.broadcast_to(pixels, (*pixels.shape[:3], 3))
        resized = np.stack([self._resize(picture) for picture in rgb])
        batch = torch.from_numpy(resized).movedim(-1, 1).to(self._device)
        features: Tensor = self._net(batch)
        return features

    def identity(self) -> str:
        return self._identity


def _weights_file(given: str | None) -> Path:
    """The weights: the file given, or the one clean-fid would have downloaded."""
    file = Path(given) if given else Path(tempfile.gettempdir()) / NAME
    if not file.is_file():
        raise UserError(
            f"metric frechet: {file} is missing; get {SOURCE} and put it there, or name the file "
            "in the metric's option `weights`; or take features = 'fashion16' or 'identity'"
        )
    return file


def _network(file: Path) -> Any:
    from cleanfid.inception_torchscript import InceptionV3W

    if file.name != NAME:
        raise UserError(f"metric frechet: {file}: clean-fid wants the file to be called {NAME}")
    try:
        return InceptionV3W(str(file.parent), download=False)
    except (RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"metric frechet: {file}: not the Inception network ({reason})") from error


def cleanfid_reference(text: str) -> Gaussian:
    """clean-fid's statistics NAME:RESOLUTION:SPLIT, from its folder, which must hold the file."""
    name, resolution, split = text.split(":")
    file_name = f"{name}_clean_{split}_{resolution}.npz".lower()
    file = _cleanfid_folder() / "stats" / file_name
    if not file.is_file():
        raise UserError(f"metric frechet: {file} is missing; get {STATISTICS}{file_name}")
    from cleanfid.features import get_reference_statistics

    mean, covariance = get_reference_statistics(name, resolution, mode="clean", split=split)
    return Gaussian(torch.from_numpy(mean).double(), torch.from_numpy(covariance).double(), 0)


def _cleanfid_folder() -> Path:
    spec = importlib.util.find_spec("cleanfid")
    if spec is None or spec.origin is None:
        raise UserError("metric frechet: clean-fid is not installed; pip install clean-fid")
    return Path(spec.origin).parent
