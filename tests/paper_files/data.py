"""Data and statistics as they are on disk: latents in shards, CIFAR-10, mean and covariance."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def latents(folder: Path, rows: int = 12, shards: int = 2, seed: int = 0) -> tuple[Path, Path]:
    """Folders of latents and of labels, npy files of equal names, as of yuchuantian's set."""
    rng = np.random.default_rng(seed)
    x, label = folder / "imagenet256_features", folder / "imagenet256_labels"
    for place in (x, label):
        place.mkdir(parents=True)
    for n in range(shards):
        np.save(x / f"{n}_0.npy", rng.standard_normal((rows, 4, 32, 32), dtype=np.float32))
        np.save(label / f"{n}_0.npy", rng.integers(0, 1000, rows))
    return x, label


def cifar10(folder: Path, rows: int = 8, seed: int = 0) -> Path:
    """cifar-10-batches-bin: five training batches and a test batch, of fewer records."""
    rng = np.random.default_rng(seed)
    place = folder / "cifar-10-batches-bin"
    place.mkdir(parents=True)
    for name in [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]:
        records = rng.integers(0, 256, (rows, 1 + 3 * 32 * 32), dtype=np.uint8)
        records[:, 0] %= 10
        records.tofile(place / f"{name}.bin")
    return folder


def statistics(file: Path, seed: int = 0) -> Path:
    """`mu` and `sigma` of Inception's 2048 features, as ADM's and EDM's files hold them."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((4096, 2048), dtype=np.float32)
    np.savez(file, mu=features.mean(0), sigma=np.cov(features, rowvar=False))
    return file
