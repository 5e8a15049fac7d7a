"""What an EDM pickle holds: objects as their class's name, constructor arguments and attributes.

torch_utils.persistence writes an object as the source text of its module, the class's name and
its `__dict__`. The source text is never looked at: the networks are written anew in this plug-in.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw_edm.formats.inert_pickle import Made, read_pickle, shown
from secantfw_edm.formats.stored_numbers import stored_numbers

_VERSION = 6  # of torch_utils.persistence
_MAX_MODULES, _MAX_DEPTH = 20_000, 16
_NAMES = {
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): "object",
    ("torch.nn.modules.container", "ModuleDict"): "modules",
    ("torch._utils", "_rebuild_parameter"): "parameter",
    ("torch._utils", "_rebuild_tensor_v2"): "tensor",
    ("torch.storage", "_load_from_bytes"): "storage",
    ("torch", "Size"): "size",
    ("collections", "OrderedDict"): "dict",
    ("dnnlib.util", "EasyDict"): "dict",
    ("numpy", "dtype"): "dtype",
    ("numpy.core.multiarray", "scalar"): "number",
    ("numpy._core.multiarray", "scalar"): "number",  # from numpy 2 on
}
_NUMBERS = ("f8", "f4", "f2", "i8", "i4", "u1", "b1")


@attrs.frozen(eq=False)
class PersistentObject:
    """An object that torch_utils.persistence wrote."""

    class_name: str
    attributes: Mapping[str, Any]

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments that were given; numpy's numbers as Python's.

        Raises:
            ValueError: given by position, or not recorded.
        """
        given, named = self.attributes.get("_init_args"), self.attributes.get("_init_kwargs")
        if given != () or not isinstance(named, dict):
            raise ValueError(f"the arguments of {shown(self.class_name)} are not recorded by name")
        return {str(key): _plain(value) for key, value in named.items()}

    def child(self, name: str) -> PersistentObject:
        """A module in this one."""
        modules = self.attributes.get("_modules")
        return persistent_object(modules.get(name) if isinstance(modules, dict) else None)


def read_snapshot(file: Path) -> PersistentObject:
    """The averaged network, `ema`, of a snapshot; its tensors are not made yet.

    Raises:
        ValueError: a file that is damaged, or that is not one dictionary with a network.
    """
    with file.open("rb") as stream:
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    value = read_pickle(content, _NAMES)
    if content.tell() != len(content):
        raise ValueError(f"{len(content) - content.tell():,} bytes follow the pickle's end")
    if not isinstance(value, dict):
        raise ValueError(f"it holds a {type(value).__name__}, expected a dictionary with 'ema'")
    if "ema" not in value:
        raise ValueError(f"it holds no 'ema' but {shown(', '.join(map(str, value))) or 'nothing'}")
    return persistent_object(value["ema"])


def persistent_object(value: object) -> PersistentObject:
    """An object from the record of how it is made."""
    match value:
        case Made(kind="object", args=({"type": "class", "version": version, **meta},)):
            if version != _VERSION:
                raise ValueError(f"persistence version {shown(version)}, expected {_VERSION}")
            match meta:
                case {"class_name": str(name), "state": dict(state)}:
                    return PersistentObject(name, state)
    raise ValueError("it lacks a network where one should be")


def tensors_of(network: PersistentObject, size: int) -> dict[str, Tensor]:
    """The network's state dict.

    Args:
        network: as `read_snapshot` gives it.
        size: bytes of the file; all tensors together have no more.

    Raises:
        ValueError: something that is no tensor, numbers that are not in the file, modules without
            end.
    """
    found: dict[str, Tensor] = {}
    storages: dict[int, Tensor] = {}
    total = 0
    for name, record in _records(network.attributes):
        try:
            found[name] = _tensor(record, storages)
        except ValueError as error:
            raise ValueError(f"{shown(name)}: {error}") from error
        total += found[name].nbytes
        if total > size:
            raise ValueError(f"its tensors claim more than the {size:,} bytes of the file")
    return found


def _records(attributes: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """(name, record) of each parameter and buffer, depth first."""
    waiting, modules = [("", 0, attributes)], 0
    while waiting:
        prefix, depth, state = waiting.pop()
        modules += 1
        if modules > _MAX_MODULES or depth > _MAX_DEPTH:
            raise ValueError(f"more than {_MAX_MODULES:,} modules, or {_MAX_DEPTH} inside another")
        passing = state.get("_non_persistent_buffers_set") or ()
        for kind in ("_parameters", "_buffers"):
            for name, record in _dictionary(state, kind):
                if record is not None and name not in passing:
                    yield f"{prefix}{name}", record
        for name, child in _dictionary(state, "_modules"):
            if child is not None:
                waiting.append((f"{prefix}{name}.", depth + 1, _attributes(child)))


def _dictionary(state: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    found = state.get(key)
    if not isinstance(found, dict):
        raise ValueError(f"a module whose {key} is a {type(found).__name__}")
    return list(found.items())


def _attributes(module: object) -> Mapping[str, Any]:
    match module:
        case Made(kind="modules", args=(), state=dict(state)):
            return state
    return persistent_object(module).attributes


def _tensor(record: object, storages: dict[int, Tensor]) -> Tensor:
    match record:
        case Made(kind="parameter", args=(Made(kind="tensor") as inner, *_)):
            return _tensor(inner, storages)
        case Made(kind="tensor", args=(Made(kind="storage") as storage, offset, shape, steps, *_)):
            numbers = storages.get(id(storage))
            if numbers is None:
                numbers = storages[id(storage)] = _numbers(storage)
            return _view(numbers, offset, _sizes(shape), _sizes(steps))
    raise ValueError("is no tensor")


def _numbers(storage: Made) -> Tensor:
    match storage.args:
        case (bytes() | memoryview() as content,):
            return stored_numbers(content)
    raise ValueError("has no numbers")


def _view(numbers: Tensor, offset: Any, shape: tuple[int, ...], steps: tuple[int, ...]) -> Tensor:
    """The tensor in its storage; each number of the storage stands in it once at most."""
    if len(shape) != len(steps) or not _is_size(offset):
        raise ValueError("has a shape that is none")
    last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    count = int(np.prod(shape, dtype=object))
    if count and (last >= len(numbers) or count > len(numbers)):
        raise ValueError(f"claims {count:,} numbers, {len(numbers):,} are there")
    return torch.as_strided(numbers, shape, steps, offset)


def _sizes(value: object) -> tuple[int, ...]:
    match value:
        case Made(kind="size", args=(tuple(inner),)):
            value = inner
    if not isinstance(value, tuple) or not all(map(_is_size, value)) or len(value) > 8:
        raise ValueError("has a shape that is none")
    return value


def _is_size(value: object) -> bool:
    return type(value) is int and value >= 0


def _plain(value: Any) -> Any:
    """The number that numpy's scalar stands for; everything else as it is."""
    match value:
        case Made(
            kind="number",
            args=(Made(kind="dtype", args=(str(code), *_), state=state), bytes(content)),
        ) if code in _NUMBERS:
            order = state[1] if isinstance(state, tuple) and len(state) > 1 else "="
            dtype = np.dtype(code).newbyteorder(">" if order == ">" else "<")
            if len(content) == dtype.itemsize:
                return np.frombuffer(content, dtype)[0].item()
    return value
