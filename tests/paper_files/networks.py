"""Networks as their makers published them: SiT, EDM, Stable Diffusion's autoencoder, Inception."""

from __future__ import annotations

from pathlib import Path

import torch
from paper_files import edm_pickles
from torch import Tensor, nn

INCEPTION = "inception-2015-12-05.pt"
SIT_SIZE, SIT_WIDTH, SIT_DEPTH = "tiny/2", 128, 4
#: Beside what the preset cifar10-vp says; a quarter of its levels, a sixteenth of its channels.
EDM_SIZES = {
    "model_channels": 8, "channel_mult": [1, 2], "num_blocks": 1, "attn_resolutions": [16],
}  # fmt: skip


def sit(file: Path, width: int = SIT_WIDTH, depth: int = SIT_DEPTH, seed: int = 0) -> Path:
    """A state dict as SiT-XL-2-256.pt holds it: latents (4, 32, 32), 1000 classes, learn_sigma."""
    rng = torch.Generator().manual_seed(seed)
    torch.save({k: _normal(shape, rng) for k, shape in _sit_shapes(width, depth).items()}, file)
    return file


def edm(file: Path, classes: int = 0) -> Path:
    """A snapshot as edm-cifar10-32x32-uncond-vp.pkl: (3, 32, 32), told of augmentation."""
    data = {"img_resolution": 32, "img_channels": 3, "label_dim": classes}
    more = {"augment_dim": 9, "dropout": 0.13}
    return edm_pickles.save(file, edm_pickles.snapshot(**data, **more, **EDM_SIZES))


def autoencoder(folder: Path, seed: int = 0) -> Path:
    """diffusers' AutoencoderKL, four levels as Stable Diffusion's: latents of 32 make 256 px."""
    from diffusers import AutoencoderKL

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(4, 4, 4, 4),
            layers_per_block=1,
            norm_num_groups=2,
            latent_channels=4,
            sample_size=256,
        )
    network.save_pretrained(folder, safe_serialization=True)
    return folder


def inception(file: Path, seed: int = 0) -> Path:
    """A TorchScript file that is called as NVIDIA's Inception-v3 is, with its outputs' sizes."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.jit.script(_Inception().eval()).save(str(file))
    return file


class _Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(48, 2048)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.adaptive_avg_pool2d(x, 4)
        return nn.functional.relu(self.mixed(x.flatten(1)))


class _Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers, self.output = _Layers(), nn.Linear(2048, 1008)

    def forward(
        self,
        img: Tensor,
        return_features: bool = False,
        use_fp16: bool = False,
        no_output_bias: bool = False,
    ) -> Tensor:
        x = nn.functional.interpolate(
            img.to(torch.float32), size=[299, 299], mode="bilinear", align_corners=False
        )
        features = self.layers((x - 128) / 128)
        if return_features:
            return features
        if no_output_bias:
            return nn.functional.linear(features, self.output.weight).softmax(1)
        return self.output(features).softmax(1)


def _normal(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    return 0.02 * torch.randn(shape, generator=rng)


def _sit_shapes(width: int, depth: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"pos_embed": (1, 256, width)}

    def linear(name: str, out: int, into: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (out, into), (out,)

    shapes |= {"x_embedder.proj.weight": (width, 4, 2, 2), "x_embedder.proj.bias": (width,)}
    linear("t_embedder.mlp.0", width, 256)
    linear("t_embedder.mlp.2", width, width)
    shapes["y_embedder.embedding_table.weight"] = (1001, width)
    for n in range(depth):
        linear(f"blocks.{n}.attn.qkv", 3 * width, width)
        linear(f"blocks.{n}.attn.proj", width, width)
        linear(f"blocks.{n}.mlp.fc1", 4 * width, width)
        linear(f"blocks.{n}.mlp.fc2", width, 4 * width)
        linear(f"blocks.{n}.adaLN_modulation.1", 6 * width, width)
    linear("final_layer.linear", 32, width)
    linear("final_layer.adaLN_modulation.1", 2 * width, width)
    return shapes
