"""R9: weights files whose headers lie, of other shapes and names, not finite."""

from __future__ import annotations

import json
import os
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save
from small_run import Bench
from strangers import SENTRY, Verdicts, must_refuse, nothing, refused, text


def weights(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R9: safetensors whose headers lie, of absurd sizes, of another network, not finite."""
    from secantfw.training.checkpoint import check_fits
    from secantfw.weights.safetensors import load_weights, read_header
    from secantfw.weights.stored import stored_shapes

    folder = bench.case()
    network = torch.nn.Linear(3, 2)
    makers = _bad_weights()
    for n in range(count):
        name, make = makers[n] if n < len(makers) else ("mutated", _mutated(rng))
        file = refused(folder / "bad.safetensors", make)

        def read(file: Path = file) -> None:
            read_header(file)
            load_weights(file)  # refuses what is not finite
            place = file.with_suffix("")
            check_fits(place, stored_shapes(place), network)

        wrong = SENTRY.judge(read, 3.0, "bad.safetensors")
        if not wrong and n < len(makers):
            wrong = must_refuse(read)
        yield f"{name}: {wrong}" if wrong else None


def _good() -> dict[str, torch.Tensor]:
    return {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.arange(2.0)}


def _header(header: object, body: bytes = b"\0" * 32) -> Callable[[Path], object]:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()

    def write(file: Path) -> None:
        file.write_bytes(struct.pack("<Q", len(text)) + text + body)

    return write


def _tensors(**tensors: torch.Tensor) -> Callable[[Path], object]:
    content = save(tensors)
    return lambda file: file.write_bytes(content)


def _entry(shape: object, offsets: object, dtype: object = "F32") -> dict[str, object]:
    return {"weight": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def _bad_weights() -> list[tuple[str, Callable[[Path], object]]]:
    good, nan, inf = _good(), float("nan"), float("inf")
    content = save(good)
    bias, extra = good["bias"], torch.ones(2)
    twice = b'{"bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' * 1
    return [
        ("empty", text("empty", b"")),
        ("seven bytes", text("seven", b"1234567")),
        ("header of 2^60", text("huge", struct.pack("<Q", 1 << 60) + b"{}")),
        ("header of 2^63", text("huger", struct.pack("<Q", (1 << 64) - 1) + b"{}")),
        ("header longer than the file", text("longer", struct.pack("<Q", 10_000) + b"{}")),
        ("no JSON", _header(b"not json at all")),
        ("a list", _header([1, 2])),
        ("deep JSON", _header(b"[" * 100_000 + b"]" * 100_000)),
        ("deep object", _header(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)),
        ("metadata a list", _header({"__metadata__": [1]})),
        ("metadata of numbers", _header({"__metadata__": {"secantfw": 3}})),
        ("metadata no JSON", _header({"__metadata__": {"secantfw": "{"}})),
        ("metadata deep", _header({"__metadata__": {"secantfw": "[" * 100_000}})),
        ("metadata a list inside", _header({"__metadata__": {"secantfw": "[1]"}})),
        ("metadata spec", _header({"__metadata__": {"secantfw": '{"spec": {"shape": 3}}'}})),
        ("metadata options", _header({"__metadata__": {"secantfw": '{"options": 3}'}})),
        ("offsets beyond", _header(_entry([2, 3], [0, 1 << 40]))),
        ("offsets backwards", _header(_entry([2, 3], [24, 0]))),
        ("offsets negative", _header(_entry([2, 3], [-24, 0]))),
        ("offsets text", _header(_entry([2, 3], ["a", "b"]))),
        ("shape negative", _header(_entry([-2, 3], [0, 24]))),
        ("shape absurd", _header(_entry([1 << 40, 1 << 40], [0, 24]))),
        ("shape overflow", _header(_entry([1 << 62, 4], [0, 0]))),
        ("shape too large", _header(_entry([1 << 30], [0, 24]))),
        ("dtype unknown", _header(_entry([2, 3], [0, 24], "F99"))),
        ("dtype number", _header(_entry([2, 3], [0, 24], 7))),
        ("hole", _header(_entry([2, 3], [8, 32]))),
        ("key twice", _header(twice + twice[1:-1] + b"}", b"\0" * 8)),
        ("trailing bytes", text("trailing", content + b"more")),
        ("truncated", text("cut", content[:-3])),
        ("missing key", _tensors(weight=good["weight"])),
        ("extra key", _tensors(**good, extra=extra)),
        ("key with a path", _tensors(**good, **{"../../etc/x": extra})),
        ("other shape", _tensors(weight=torch.ones(3, 2), bias=bias)),
        ("more axes", _tensors(weight=torch.ones(2, 3, 1), bias=bias)),
        ("NaN", _tensors(weight=torch.full((2, 3), nan), bias=bias)),
        ("infinity", _tensors(weight=good["weight"], bias=torch.tensor([0.0, inf]))),
        ("half NaN", _tensors(weight=torch.full((2, 3), nan).half(), bias=bias)),
        ("300,000 tensors", _many),
        ("a pickle", text("pickle", pickle.dumps(good["bias"].tolist()))),
        ("a torch file", _torch_file),
        ("a zip", _zip),
        ("a pipe", os.mkfifo),
        ("a folder", os.mkdir),
        ("a device", lambda file: file.symlink_to("/dev/zero")),
        ("nothing", nothing),
    ]


def _many(file: Path) -> None:
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    _header({f"t{n}": entry for n in range(300_000)}, b"")(file)


def _torch_file(file: Path) -> None:
    torch.save(_good(), file)


def _zip(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x", "y")


def _mutated(rng: random.Random) -> Callable[[Path], object]:
    """A good file with bytes of its header changed, or cut."""
    content = bytearray(save(_good(), {"secantfw": json.dumps({"component": "a:b"})}))
    end = 8 + struct.unpack("<Q", content[:8])[0]
    for _ in range(rng.randrange(1, 5)):
        content[rng.randrange(end)] = rng.randrange(256)
    cut = rng.randrange(len(content)) if rng.random() < 0.3 else len(content)
    return lambda file: file.write_bytes(bytes(content[:cut]))
