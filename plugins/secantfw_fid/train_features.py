"""Train the embedded feature network and write it with its reference statistics.

    python -m secantfw_fid.train_features --images plugins/secantfw_data/assets/fashion16.npz

20 epochs of AdamW under a one-cycle schedule, pictures shifted by at most one pixel, no selection
on the held-out split: it is looked at once, after the last step. One thread; about five minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from secantfw import DataSpec, WeightsHeader, load_weights, save_weights
from secantfw_fid.gaussian import RunningGaussian
from secantfw_fid.small_cnn import SmallCnn

ASSETS = Path(__file__).parent / "assets"
BATCH = 128
EPOCHS = 20
SPEC = DataSpec((1, 16, 16), num_classes=10)


def pictures(pixels: Tensor) -> Tensor:
    """(n, 16, 16) uint8 -> (n, 1, 16, 16) float32 in [-1, 1]."""
    return pixels.unsqueeze(1).float() / 127.5 - 1


def shifted(x: Tensor, rng: torch.Generator) -> Tensor:
    """The whole batch moved by up to one pixel each way; black (-1) comes in at the border."""
    down, right = (int(v) for v in torch.randint(0, 3, (2,), generator=rng))
    padded = nn.functional.pad(x, (1, 1, 1, 1), value=-1.0)
    return padded[..., down : down + 16, right : right + 16]


def train(pixels: Tensor, labels: Tensor) -> SmallCnn:
    """The classifier after EPOCHS passes over the pictures."""
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(0)
    net = SmallCnn(dropout=0.3).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.02)
    steps = len(pixels) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=EPOCHS * steps)
    for epoch in range(EPOCHS):
        start, total = time.perf_counter(), torch.zeros(())
        order = torch.randperm(len(pixels), generator=rng)[: steps * BATCH]
        for rows in torch.split(order, BATCH):
            x = shifted(pictures(pixels[rows]), rng).to(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(net(x), labels[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.detach()
        seconds = time.perf_counter() - start
        print(f"epoch {epoch + 1}: loss {float(total) / steps:.4f}, {seconds:.0f} s", flush=True)
    return net.eval()


@torch.no_grad()
def statistics(net: SmallCnn, pixels: Tensor) -> RunningGaussian:
    """Mean and covariance of the features of all pictures."""
    gaussian = RunningGaussian(net.deviation.numel())
    for part in torch.split(pixels, 512):
        gaussian.add(net.features(pictures(part)))
    return gaussian


@torch.no_grad()
def accuracy(net: SmallCnn, pixels: Tensor, labels: Tensor) -> float:
    """The share of pictures whose class the network guesses."""
    guess = torch.cat([net(pictures(part)).argmax(1) for part in torch.split(pixels, 512)])
    return float((guess == labels).double().mean())


def write(file: Path, tensors: Mapping[str, Tensor], train: Tensor, half: bool = False) -> None:
    """Write tensors with the SHA-256 of the pictures they were made from, in the header."""
    seen = hashlib.sha256(train.numpy().tobytes()).hexdigest()
    header = WeightsHeader(
        file=str(file), component="fid:frechet", options={"train_sha256": seen}, spec=SPEC
    )
    note = {"command": "python -m secantfw_fid.train_features --images fashion16.npz"}
    save_weights(file, tensors, header, dtype=torch.float16 if half else None, note=note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="fashion16.npz")
    parser.add_argument("--out", type=Path, default=ASSETS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with np.load(given.images, allow_pickle=False) as arrays:
        data = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    trained = train(data["train"], data["train_label"].long())
    trained.deviation.copy_(statistics(trained, data["train"]).covariance().diagonal().sqrt())
    weights = given.out / "fashion16_features.safetensors"
    write(weights, trained.state_dict(), data["train"], half=True)
    net = SmallCnn().eval()  # what follows must see the rounded weights that users will
    net.load_state_dict(load_weights(weights))
    reference = given.out / "fashion16_reference.safetensors"
    write(reference, statistics(net, data["train"]).tensors(), data["train"])
    print(f"held-out accuracy {accuracy(net, data['test'], data['test_label'].long()):.4f}")
    for file in (weights, reference):
        content = file.read_bytes()
        print(f"{file.name}: {len(content)} bytes, {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
