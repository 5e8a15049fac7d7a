"""Latents become pictures by diffusers' AutoencoderKL; here a tiny one with random weights."""

import shutil

import numpy as np
import pytest
import torch
from secantfw_data.latents import Latents
from secantfw_data.options import LatentsOptions

from secantfw import UserError

SHAPE = (4, 4, 4)


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("vae")
    network = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        latent_channels=4,
    )
    network.save_pretrained(folder)
    return folder


@pytest.fixture
def shards(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(40, *SHAPE)).astype(np.float32) * 5.4)
    return tmp_path


def build(shards, vae):
    return Latents(LatentsOptions(folder=str(shards), shape=SHAPE, vae=str(vae)))


def test_pictures_are_the_decoded_unscaled_latents(shards, vae):
    import diffusers

    data = build(shards, vae)
    x_0 = data.items("train", torch.arange(20)).x_0
    pictures = data.to_uint8(x_0)
    assert (pictures.dtype, tuple(pictures.shape)) == (torch.uint8, (20, 8, 8, 3))
    network = diffusers.AutoencoderKL.from_pretrained(vae).eval()
    with torch.no_grad():
        decoded = network.decode(x_0 / 0.18215).sample
    expected = (decoded * 127.5 + 128).clamp(0, 255).to(torch.uint8).movedim(1, -1)
    assert (pictures.int() - expected.int()).abs().max() <= 1
    assert pictures.float().std() > 1


def test_no_latents_show_the_size_of_the_pictures(shards, vae):
    assert build(shards, vae).to_uint8(torch.empty((0, *SHAPE))).shape == (0, 8, 8, 3)


def test_without_an_autoencoder_there_are_no_pictures(shards):
    data = Latents(LatentsOptions(folder=str(shards), shape=SHAPE))
    assert data.to_uint8(torch.zeros((1, *SHAPE))) is None


def test_missing_weights_are_said_with_their_source(shards, vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    with pytest.raises(UserError, match=r"no config\.json in it; get both files from https://"):
        build(shards, folder)
    (folder / "config.json").write_bytes((vae / "config.json").read_bytes())
    with pytest.raises(UserError, match=r"no diffusion_pytorch_model\.safetensors in it"):
        build(shards, folder)


def test_a_file_that_is_no_autoencoder_is_one_line(shards, vae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    for file in vae.iterdir():
        (folder / file.name).write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match="cannot be loaded as an AutoencoderKL") as error:
        build(shards, folder).to_uint8(torch.zeros((1, *SHAPE)))
    assert "\n" not in str(error.value)


def test_without_diffusers_the_extra_is_named(shards, tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'secantfw\[vae\]'"):
        build(shards, tmp_path)


def test_a_decoder_is_known_by_its_content_wherever_it_lies(shards, vae, tmp_path):
    moved = shutil.copytree(vae, tmp_path / "another-name")
    assert build(shards, moved).decoder == build(shards, vae).decoder
    (config,) = moved.glob("config.json")
    config.write_text(config.read_text() + " ")
    assert build(shards, moved).decoder != build(shards, vae).decoder
