"""Folders of latents as people have them, small: what packing and reading are tried on."""

from __future__ import annotations

import json

import numpy as np
import torch
from safetensors.torch import save_file
from secantfw_data.latents import Latents
from secantfw_data.options import LatentsOptions

SHAPE = (4, 4, 4)
CLASSES = 7


def normal(n, seed=0):
    rng = np.random.default_rng(seed)
    return (5.4 * rng.normal(size=(n, *SHAPE))).astype(np.float32)


def labels(n, seed=0):
    return np.random.default_rng(seed).integers(0, CLASSES, n)


def single_files(folder, n=9):
    """One latent and one label a file, in two folders beside each other."""
    features, beside = folder / "x_features", folder / "x_labels"
    features.mkdir()
    beside.mkdir()
    for i in range(n):
        np.save(features / f"{i}.npy", normal(1, i))
        np.save(beside / f"{i}.npy", labels(1, i))
    return {"folder": features}


def npy_shards(folder):
    made = {"folder": folder / "x", "labels": folder / "y", "flipped": folder / "f"}
    for where in made.values():
        where.mkdir()
    for i, n in enumerate((5, 3, 40)):
        np.save(made["folder"] / f"{i}.npy", normal(n, i))
        np.save(made["flipped"] / f"{i}.npy", normal(n, i)[..., ::-1])
        np.save(made["labels"] / f"{i}.npy", labels(n, i))
    return made


def repa(folder, n=11):
    """Means and standard deviations as halves, in folders; the labels by name."""
    said = []
    for i in range(n):
        where = folder / "vae-sd" / f"{i // 4:05d}"
        where.mkdir(parents=True, exist_ok=True)
        halves = np.concatenate((normal(1, i)[0], abs(normal(1, i + 100)[0])))
        np.save(where / f"img-mean-std-{i:08d}.npy", halves)
        said.append([f"{i // 4:05d}/img-mean-std-{i:08d}.npy", int(labels(1, i)[0])])
    (folder / "vae-sd" / "dataset.json").write_text(json.dumps({"labels": said[::-1]}))
    return {"folder": folder / "vae-sd"}


def one_npz(folder):
    np.savez(folder / "a.npz", latents=normal(30), label=labels(30))
    return {"folder": folder / "a.npz"}


def types_and_forms(folder):
    """What one folder may mix: posteriors and latents, float16 to float64, big-endian."""
    folder = folder / "mixed"
    folder.mkdir()
    np.savez(folder / "0.npz", latents=normal(3).astype(np.float16), label=labels(3))
    pair = {"mean": torch.from_numpy(normal(4)), "std": torch.from_numpy(abs(normal(4, 1)))}
    save_file({**pair, "label": torch.from_numpy(labels(4))}, folder / "1.safetensors")
    np.savez(folder / "2.npz", mean=normal(2), std=abs(normal(2, 5)).astype(np.float16),
             label=labels(2))  # fmt: skip
    np.savez(folder / "3.npz", latents=normal(3).astype(">f8"), labels=labels(3, 4))
    brain = torch.from_numpy(normal(5, 3)).bfloat16()
    save_file({"latents": brain, "labels": torch.from_numpy(labels(5))}, folder / "4.safetensors")
    return {"folder": folder}


LAYOUTS = {
    made.__name__: made for made in (single_files, npy_shards, repa, one_npz, types_and_forms)
}


def options_of(paths, **options):
    said = {key: str(path) for key, path in paths.items()}
    return LatentsOptions(**said, shape=SHAPE, **options)


def data_of(paths, **options):
    return Latents(options_of(paths, classes=CLASSES, **options))
