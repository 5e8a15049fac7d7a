"""Small files of the official formats, with random content: what the paper's recipes ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from plugins.edm.edm_pickles import save, snapshot
from plugins.sit.official_files import Sizes, state

from secantfw import DataSpec

LATENTS = DataSpec((4, 8, 8), num_classes=1000)
_PICTURES, _FEATURES = 24, 2048
_LEVELS = {"model_channels": 32, "channel_mult": [1, 1, 2], "attn_resolutions": [8]}  # EDM's tiny


class Inception(torch.nn.Module):
    """The interface of NVIDIA's TorchScript file: pictures (n, 3, h, w) in 0..255."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(), torch.nn.Linear(48, _FEATURES)
        )
        self.output = torch.nn.Linear(_FEATURES, 1008)

    def forward(
        self,
        x: torch.Tensor,
        return_features: bool = False,
        use_fp16: bool = False,
        no_output_bias: bool = False,
    ) -> torch.Tensor:
        features = self.layers((x.float() - 128) / 128)
        return features if return_features else self.output(features).softmax(1)


def inception(folder: Path) -> Path:
    file = folder / "inception-2015-12-05.pt"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.jit.script(Inception().eval()).save(str(file))
    return file


def statistics(file: Path) -> Path:
    """Mean and covariance of features, as ADM and EDM ship them."""
    rng = np.random.default_rng(0)
    root = rng.standard_normal((_FEATURES, 64))
    np.savez(file, mu=rng.standard_normal(_FEATURES), sigma=root @ root.T / 64)
    return file


def sit_checkpoint(folder: Path) -> Path:
    """SiT's official state dict of one network."""
    sizes = Sizes(width=128, depth=4, heads=4, patch=2, learn_sigma=True)
    file = folder / "SiT-XL-2-256.pt"
    torch.save(state(0, sizes, LATENTS), file)
    return file


def latent_shards(folder: Path) -> tuple[Path, Path]:
    """A folder of latents and one of labels, as yuchuantian/imagenet_vae_256 names them."""
    rng = np.random.default_rng(0)
    features, labels = folder / "imagenet256_features", folder / "imagenet256_labels"
    for each in (features, labels):
        each.mkdir()
    for shard in range(2):
        x = rng.standard_normal((_PICTURES, *LATENTS.shape), dtype=np.float32)
        np.save(features / f"{shard}_0.npy", x)
        np.save(labels / f"{shard}_0.npy", rng.integers(0, 1000, _PICTURES))
    return features, labels


def autoencoder(folder: Path) -> Path:
    """A folder of diffusers' AutoencoderKL that doubles the side."""
    import diffusers

    made = folder / "sd-vae-ft-ema"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 8),
            norm_num_groups=4,
            latent_channels=4,
        ).save_pretrained(made)
    return made


def edm_snapshot(folder: Path) -> Path:
    """EDM's pickle of an unconditional DDPM++ that is told its augmentation."""
    said = {"img_resolution": 32, "num_blocks": 1, "augment_dim": 9, **_LEVELS}
    return save(folder / "edm-cifar10-32x32-uncond-vp.pkl", snapshot(**said))


def cifar10(folder: Path) -> Path:
    """The binary form of CIFAR-10."""
    rng = np.random.default_rng(0)
    binary = folder / "cifar10" / "cifar-10-batches-bin"
    binary.mkdir(parents=True)
    for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]:
        pixels = rng.integers(0, 256, (_PICTURES, 3072), dtype=np.uint8)
        label = rng.integers(0, 10, (_PICTURES, 1), dtype=np.uint8)
        (binary / f"{name}.bin").write_bytes(np.concatenate((label, pixels), 1).tobytes())
    return binary.parent
