"""What EDM pickles that no honest program wrote are made of, and where each is entered.

`Canary` pickles itself as `os.system("touch CANARY")`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from paper_files.edm_pickles import dumped, snapshot

CANARY = "canary"
HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {}
Change = Callable[[dict[str, Any]], object]


class Canary:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.system, (f"touch {self.folder / CANARY}",)


class Raw:
    """Pickles itself as a call of `function` with `args`, and a state."""

    def __init__(self, function: Any, *args: Any, state: Any = None) -> None:
        self.parts = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.parts


def hostile(said: str) -> Callable[[Callable[[Path], Any]], None]:
    """Enter a maker, which returns bytes, what is to be dumped, or a file that it made."""

    def enter(make: Callable[[Path], Any]) -> None:
        def file_of(folder: Path) -> Path:
            made = make(folder)
            if isinstance(made, Path):
                return made
            file = folder / "w.pkl"
            file.write_bytes(made if isinstance(made, bytes) else dumped(made))
            return file

        HOSTILE[make.__name__] = (file_of, said)

    return enter


def spliced(instructions: bytes) -> bytes:
    """A sound snapshot with more instructions before its end."""
    return dumped(snapshot())[:-1] + instructions + b"0."


def ema(**state: Any) -> dict[str, Any]:
    """A snapshot with other attributes of the wrapper."""
    data = snapshot()
    data["ema"].state.update(state)
    return data


def said(**arguments: Any) -> dict[str, Any]:
    """A snapshot that says other constructor arguments than its network has."""
    data = snapshot()
    data["ema"].state["_init_kwargs"].update(arguments)
    return data


def model(change: Change) -> dict[str, Any]:
    """A snapshot whose network's attributes are changed."""
    data = snapshot()
    change(data["ema"].state["_modules"]["model"].state)
    return data


def weight(value: object) -> dict[str, Any]:
    """A snapshot with something else where the weight of map_layer0 should be."""
    data = snapshot()
    network = data["ema"].state["_modules"]["model"].state
    network["_modules"]["map_layer0"].state["_parameters"]["weight"] = value
    return data


def numbers(content: object) -> dict[str, Any]:
    """A snapshot with other content where the numbers of a weight should be."""
    storage = Raw(torch.storage._load_from_bytes, content)
    tensor = Raw(torch._utils._rebuild_tensor_v2, storage, 0, (32, 8), (8, 1), False, None)
    return weight(tensor)


def stored(tensor: torch.Tensor) -> bytes:
    """A tensor's numbers as they stand in a snapshot."""
    stream = io.BytesIO()
    torch.save(tensor.storage(), stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def shaped(offset: Any, shape: Any, strides: Any) -> dict[str, Any]:
    storage = Raw(torch.storage._load_from_bytes, stored(torch.zeros(256)))
    return weight(
        Raw(torch._utils._rebuild_tensor_v2, storage, offset, shape, strides, False, None)
    )


def named(module: str, name: str, protocol: int = 4) -> bytes:
    """The instructions that put a name on the stack."""
    if protocol < 4:
        return f"c{module}\n{name}\n".encode()
    return b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module, name)) + b"\x93"
