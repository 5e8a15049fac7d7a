"""From latents to stored pictures: the decoder of Stable Diffusion's size, with random weights."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from report import Figure
from samplers import field_of, solver
from session import Session

from secantfw.sampling.draw import draw, starts

_FLOOR = 900.0  # images/s on an H100: XL/2, one evaluation, and the decoder, in bf16


def decoder(session: Session):
    from diffusers import AutoencoderKL

    widths = (8,) * 4 if session.tiny else (128, 256, 512, 512)
    ends = ["DownEncoderBlock2D"] * 4, ["UpDecoderBlock2D"] * 4
    vae = AutoencoderKL(
        block_out_channels=widths,
        down_block_types=ends[0],
        up_block_types=ends[1],
        layers_per_block=1 if session.tiny else 2,
        latent_channels=4,
        norm_num_groups=4 if session.tiny else 32,
    )
    dtype = torch.float32 if session.tiny else torch.bfloat16
    vae = vae.to(session.device, dtype).eval().requires_grad_(False)
    return vae.to(memory_format=torch.channels_last)


@torch.inference_mode()
def decoding(session: Session) -> Iterator[Figure]:
    """Images/s of the decoder, and of sampling, decoding and storing as one array of uint8."""
    vae, rows = decoder(session), session.batch(64)

    def pictures(x: torch.Tensor) -> torch.Tensor:
        out = vae.decode(x.to(vae.dtype) / 0.18215).sample
        return ((out.float() + 1) * 127.5).clamp(0, 255).to(torch.uint8)

    field, spec = field_of(session, "SiT-XL/2")
    batches = list(starts(spec, 0, 4 * rows, rows, session.device))
    spent = session.milliseconds(lambda: pictures(batches[0].z), repeats=5)
    yield Figure("decoder, images/s", 1e3 * rows / spent, "images/s")
    one = solver(session, precision="bf16", kernel="torch", rows=rows)
    pictures(draw(field, one, batches[0], 1))
    session.wait()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        stored = [pictures(draw(field, one, batch, 1)).cpu() for batch in batches]
        torch.save(torch.cat(stored), Path(folder, "pictures.pt"))
        rate = 4 * rows / (time.perf_counter() - begun)
    yield Figure("SiT-XL/2 1 step, decoded and stored", rate, "images/s")
    yield Figure(
        "SiT-XL/2 1 step, decoded and stored, of the floor of 900/s", 100 * rate / _FLOOR, "%"
    )
