"""Inception-v3 as a feature space, and the published statistics to compare with.

clean-fid would download its statistics; here every file must be there, and a missing one is a
message that says which file, where from and where to.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, UserError
from secantfw_fid.feature_options import Resize
from secantfw_fid.feature_space import PictureFeatures
from secantfw_fid.gaussian import Gaussian
from secantfw_fid.inception_network import InceptionNetwork

STATISTICS = "https://www.cs.cmu.edu/~clean-fid/stats/"


class InceptionFeatures(PictureFeatures):
    """2048 features of pictures, resized to 299x299 outside the network by clean-fid's bicubic
    filter ("clean"), or inside it as TensorFlow did ("tensorflow"), as for ADM's statistics."""

    name = "inception-2015-12-05"
    dimension = 2048

    def __init__(
        self, dataset: Dataset, device: torch.device, weights: str | None, resize: Resize = "clean"
    ) -> None:
        super().__init__(dataset)
        self.resize = resize
        self._net = InceptionNetwork(dataset, device, weights, resize)

    def mapped(self, seen: Tensor) -> Tensor:
        return self._net.features(seen)

    def identity(self) -> str:
        return self._net.identity


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


def statistics_of(file: Path) -> Gaussian:
    """Mean and covariance of 2048 features from an npz with `mu` and `sigma`: ADM's, EDM's.

    ADM's files hold thousands of pictures too; only the two arrays are read.

    Raises:
        UserError: not an npz, without the two, of another size, or not symmetric.
    """
    try:
        arrays = np.load(file, allow_pickle=False)
        _check_keys(file, arrays)
        with arrays:
            mean, covariance = (np.asarray(arrays[name], np.float64) for name in ("mu", "sigma"))
    except UserError:
        raise
    except Exception as error:  # damaged archives raise nearly anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"metric frechet: {file}: cannot be read ({reason})") from error
    size = InceptionFeatures.dimension
    if mean.shape != (size,) or covariance.shape != (size, size):
        raise UserError(
            f"metric frechet: {file}: mu {mean.shape} and sigma {covariance.shape}, expected "
            f"({size},) and ({size}, {size})"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise UserError(f"metric frechet: {file}: mu or sigma is not finite")
    if not np.allclose(covariance, covariance.T):
        raise UserError(f"metric frechet: {file}: sigma is not symmetric, so no covariance")
    return Gaussian(torch.from_numpy(mean), torch.from_numpy(covariance), 0)


def _check_keys(file: Path, arrays: Any) -> None:
    """Refuse an array alone, and an archive without the two; pictures are no statistics."""
    names = getattr(arrays, "files", None)
    if names is None:
        raise UserError(f"metric frechet: {file}: one array, expected an npz with mu and sigma")
    missing = [name for name in ("mu", "sigma") if name not in names]
    if missing:
        held = ascii(", ".join(names))[1:-1][:80] or "nothing"
        raise UserError(f"metric frechet: {file}: has no {' and '.join(missing)} (it has {held})")
