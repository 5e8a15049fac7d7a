"""Torch files that no honest program wrote: made in a folder, none may do more than fail.

`Canary` pickles itself as `os.system("touch CANARY")`.
"""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import torch
from official_files import checkpoint, save, state

CANARY = "canary"
HOSTILE: dict[str, Callable[[Path], Path]] = {}


class Canary:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.system, (f"touch {self.folder / CANARY}",)


def hostile(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    HOSTILE[make.__name__] = make
    return make


def zipped(file: Path, parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(f"archive/{name}", content)
    return file


def parts_of(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {n.partition("/")[2]: archive.read(n) for n in archive.namelist()}


def with_pickle(folder: Path, change: Callable[[bytes], bytes]) -> Path:
    parts = parts_of(save(folder / "sound.pt", state()))
    parts["data.pkl"] = change(parts["data.pkl"])
    return zipped(folder / "w.pt", parts)


def changed(folder: Path, **other: object) -> Path:
    weights = dict(state()) | {key.replace("__", "."): value for key, value in other.items()}
    return save(folder / "w.pt", weights)


@hostile
def a_call_in_a_state_dict(folder):
    return changed(folder, pos_embed=Canary(folder))


@hostile
def a_call_in_the_args(folder):
    return checkpoint(folder / "w.pt", args=Namespace(model=Canary(folder)))


@hostile
def a_call_in_the_optimiser(folder):
    return save(folder / "w.pt", {"model": state(), "opt": Canary(folder)})


@hostile
def a_pickle_and_no_zip(folder):
    (folder / "w.pt").write_bytes(pickle.dumps({"x_embedder.proj.weight": Canary(folder)}))
    return folder / "w.pt"


@hostile
def a_call_in_an_old_torch_file(folder):
    value = {"x_embedder.proj.weight": Canary(folder)}
    torch.save(value, folder / "w.pt", _use_new_zipfile_serialization=False)
    return folder / "w.pt"


@hostile
def a_call_by_stack_global(folder):
    call = pickle.dumps(Canary(folder), protocol=4)
    return with_pickle(folder, lambda sound: call[:-1] + b"0" + sound[2:])


@hostile
def a_pickle_that_ends_in_the_middle(folder):
    return with_pickle(folder, lambda sound: sound[: len(sound) // 2])


@hostile
def a_pickle_that_claims_4_gigabytes(folder):
    claim = b"\x8e" + struct.pack("<Q", 4 << 30)
    return with_pickle(folder, lambda sound: sound[:2] + claim + sound[2:])


@hostile
def a_pickle_nested_100000_deep(folder):
    deep = b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    return with_pickle(folder, lambda sound: deep + sound)


@hostile
def a_file_cut_in_half(folder):
    file = save(folder / "w.pt", state())
    os.truncate(file, file.stat().st_size // 2)
    return file


@hostile
def a_file_without_its_last_byte(folder):
    file = save(folder / "w.pt", state())
    os.truncate(file, file.stat().st_size - 1)
    return file


@hostile
def an_empty_file(folder):
    (folder / "w.pt").touch()
    return folder / "w.pt"


@hostile
def a_text(folder):
    (folder / "w.pt").write_text("x_embedder.proj.weight\n")
    return folder / "w.pt"


@hostile
def a_named_pipe(folder):
    os.mkfifo(folder / "w.pt")
    return folder / "w.pt"


@hostile
def a_zip_without_a_pickle(folder):
    return zipped(folder / "w.pt", {"x_embedder.proj.weight": b""})


@hostile
def a_zip_bomb(folder):
    parts = parts_of(save(folder / "sound.pt", state()))
    parts["data/0"] = bytes(64 << 20)
    return zipped(folder / "w.pt", parts, zipfile.ZIP_DEFLATED)


@hostile
def a_zip_that_claims_more_than_the_file_has(folder):
    file = save(folder / "w.pt", state())
    content = bytearray(file.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = struct.pack("<II", 1 << 31, 1 << 31)
    file.write_bytes(content)
    return file


@hostile
def another_network(folder):
    return save(folder / "w.pt", torch.nn.Linear(3, 3).state_dict())


@hostile
def a_list(folder):
    return save(folder / "w.pt", ["x_embedder.proj.weight", *state().values()])


@hostile
def a_name_that_is_a_number(folder):
    return save(folder / "w.pt", {**state(), 7: torch.zeros(1)})


@hostile
def a_weight_that_is_a_text(folder):
    return changed(folder, pos_embed="\x1b[31mred")


@hostile
def nan(folder):
    return changed(folder, final_layer__linear__bias=torch.full((16,), torch.nan))


@hostile
def infinity(folder):
    return changed(folder, final_layer__linear__bias=torch.full((16,), -torch.inf))


@hostile
def a_wrong_shape(folder):
    return changed(folder, final_layer__linear__bias=torch.zeros(17))


@hostile
def a_byte_that_claims_a_terabyte(folder):
    return changed(folder, extra=torch.zeros(1), pos_embed=torch.zeros(1).expand(1, 1 << 40, 128))


@hostile
def a_width_that_claims_a_terabyte(folder):
    wide = torch.zeros(1).expand(1 << 30, 2, 2, 2)
    return changed(folder, x_embedder__proj__weight=wide)


@hostile
def a_tensor_without_numbers(folder):
    return changed(folder, final_layer__linear__bias=torch.zeros(16, device="meta"))


@hostile
def a_sparse_tensor(folder):
    return changed(folder, final_layer__linear__bias=torch.zeros(16).to_sparse())


@hostile
def a_complex_tensor(folder):
    return changed(folder, final_layer__linear__bias=torch.zeros(16, dtype=torch.complex64))


@hostile
def block_999999(folder):
    return save(folder / "w.pt", {**state(), "blocks.999999.attn.qkv.bias": torch.zeros(1)})


@hostile
def a_block_missing(folder):
    return save(folder / "w.pt", {k: v for k, v in state().items() if "blocks.0.attn" not in k})


@hostile
def patches_of_no_size(folder):
    return changed(folder, x_embedder__proj__weight=torch.zeros(128, 2, 0, 0))
