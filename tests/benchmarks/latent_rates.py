"""How fast latents are read, by layout: `python -m tests.benchmarks.latent_rates --folder DIR`.

Every figure is of a process of its own on synthetic latents (4, 32, 32), 2.2 GB in all, which are
made in DIR and left there. "Cold" asks the system to drop the files from memory before; where
it cannot (tmpfs, an overlay) the figure is that of a warm file. Random batches of 256.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SHAPE, BATCH = (4, 32, 32), 256
#: Layout: files, latents in each, their type.
LAYOUTS: dict[str, tuple[int, int, str]] = {
    "5,000 single npy": (5000, 1, "float32"),
    "5,000 of REPA": (5000, 1, "float32"),
    "5,005 shards": (5005, 16, "float16"),
    "41 shards": (41, 256, "float32"),
}
_SECONDS = 4.0


def make(folder: Path) -> dict[str, Path]:
    """The layouts below `folder`, and what `secantfw pack` makes of them; made once."""
    places = {name: folder / name.replace(",", "").replace(" ", "_") for name in LAYOUTS}
    for name, place in places.items():
        if not (place / "made").exists():
            _write(place, *LAYOUTS[name], halves="REPA" in name)
            (place / "made").touch()
    return places


def _write(place: Path, files: int, rows: int, dtype: str, halves: bool) -> None:
    rng, labels = np.random.default_rng(0), []
    features, beside = place / "x_features", place / "x_labels"
    for n in range(files):
        x = (5 * rng.standard_normal((rows, *SHAPE))).astype(dtype)
        name = f"{n // 1000:05d}/img-mean-std-{n:08d}.npy" if halves else f"{n}.npy"
        (features / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(features / name, np.concatenate((x, abs(x)), 1)[0] if halves else x)
        label = rng.integers(0, 1000, rows)
        labels.append([name, int(label[0])])
        if not halves:
            beside.mkdir(exist_ok=True)
            np.save(beside / name, label)
    if halves:
        (features / "dataset.json").write_text(json.dumps({"labels": labels}))


def measured(features: Path, packed: bool) -> dict[str, float]:
    """Index seconds and memory, latents a second cold and warm, of this process."""
    import torch
    from secantfw_data.latents import Latents
    from secantfw_data.options import LatentsOptions

    with tempfile.TemporaryDirectory() as small:  # what is loaded once is not the index's
        np.save(Path(small) / "0.npy", 5 * np.random.default_rng(0).standard_normal((64, *SHAPE)))
        Latents(LatentsOptions(small))
    gc.collect()
    options: dict[str, Any] = {} if packed else {"labels": _labels(features)}
    before, start = _memory("VmRSS"), time.perf_counter()
    data = Latents(LatentsOptions(str(features), classes=1000, **options))
    index_s = time.perf_counter() - start
    found = {"index_s": index_s, "index_mb": _memory("VmRSS") - before}
    rows = data.size("train")
    _drop(features)
    found["cold"] = _rate(data, torch.randperm(rows), once=True)
    for part in torch.arange(rows).split(BATCH):  # all of it is in memory now
        data.items("train", part)
    found["warm"] = _rate(data, torch.randperm(rows), once=False)
    return found


def _labels(features: Path) -> str | None:
    return None if (features / "dataset.json").exists() else str(features.parent / "x_labels")


def _rate(data: Any, order: Any, once: bool) -> float:
    """Latents a second for `_SECONDS` of random batches, or one pass if that is less."""
    done, start = 0, time.perf_counter()
    for batch in order.split(BATCH) if once else _forever(order):
        data.items("train", batch)
        done += len(batch)
        if time.perf_counter() - start > _SECONDS:
            break
    return done / (time.perf_counter() - start)


def _forever(order: Any) -> Iterator[Any]:
    while True:
        yield from order.split(BATCH)


def _drop(folder: Path) -> None:
    """From the page cache, where the file system lets us."""
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _memory(name: str) -> float:
    """MB of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1000
    return 0.0


def _in_a_process(features: Path, packed: bool) -> dict[str, float] | None:
    words = [sys.executable, __file__, "--one", str(features), *(["--packed"] if packed else [])]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    if said.returncode:  # an older version does not read every layout
        return None
    found: dict[str, float] = json.loads(said.stdout)
    return found


def _pack(features: Path, out: Path) -> float:
    start = time.perf_counter()
    words = [sys.executable, "-m", "secantfw", "pack", str(features), "--out", str(out)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to make the latents")
    parser.add_argument("--unpacked", action="store_true", help="do not pack: for older versions")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--packed", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measured(args.one, args.packed)))
        return
    print(
        "| latents | index | memory | cold, latents/s | warm, latents/s |\n|---|---|---|---|---|"
    )
    for name, place in make(args.folder).items():
        features, out = place / "x_features", place / "packed"
        _say(name, _in_a_process(features, packed=False))
        if args.unpacked:
            continue
        _pack(features, out)
        _say(f"{name}, packed", _in_a_process(out, packed=True))


def _say(name: str, found: dict[str, float] | None) -> None:
    if found is None:
        print(f"| {name} | not read | | | |", flush=True)
        return
    print(
        f"| {name} | {found['index_s']:.2f} s | {found['index_mb']:.1f} MB | {found['cold']:,.0f} "
        f"| {found['warm']:,.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
