"""The embedded feature network and its reference statistics (assets/README.md)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from secantfw import Dataset, SampleBlock, UserError, load_weights, read_header
from secantfw_fid.feature_space import PictureFeatures, pictures_of, sha256
from secantfw_fid.gaussian import Gaussian, from_tensors
from secantfw_fid.small_cnn import FEATURES, SmallCnn

ASSETS = Path(__file__).parent / "assets"
WEIGHTS = ASSETS / "fashion16_features.safetensors"
REFERENCE = ASSETS / "fashion16_reference.safetensors"
SHAPE = (1, 16, 16)


class Fashion16Features(PictureFeatures):
    """64 features of 16x16 grey pictures, after rounding to uint8."""

    name = "fashion16"
    dimension = FEATURES

    def __init__(self, dataset: Dataset, device: torch.device) -> None:
        if dataset.spec.shape != SHAPE:
            raise UserError(
                f"metric frechet: features = 'fashion16' takes items of shape {SHAPE}, "
                f"these have {dataset.spec.shape}"
            )
        super().__init__(dataset)
        weights = load_weights(WEIGHTS)
        self._identity = sha256(weights)
        self._net = SmallCnn()
        self._net.load_state_dict(weights)
        self._net.to(device).to(memory_format=torch.channels_last).eval()
        self._device = device

    def mapped(self, seen: Tensor) -> Tensor:
        return self._net.features(self._scaled(seen))

    def logits(self, pictures: Tensor) -> Tensor:
        """(n, 16, 16, 1) uint8 -> (n, 10), the classifier's own output."""
        found: Tensor = self._net(self._scaled(pictures))
        return found

    def _scaled(self, pictures: Tensor) -> Tensor:
        return pictures.movedim(-1, 1).to(self._device).float() / 127.5 - 1

    def identity(self) -> str:
        return self._identity

    def stored_reference(self, dataset: Dataset) -> Gaussian | None:
        """The shipped statistics, if the training pictures are the ones they were made from."""
        index = torch.arange(dataset.size("train"))
        pixels = pictures_of(dataset, SampleBlock(dataset.items("train", index).x_0))
        seen = hashlib.sha256(pixels.contiguous().numpy().tobytes()).hexdigest()
        if read_header(REFERENCE).options.get("train_sha256") != seen:
            return None
        return from_tensors(load_weights(REFERENCE))
