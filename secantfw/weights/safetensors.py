"""Weights files: safetensors that describe themselves.

The metadata key `secantfw` holds one JSON object: component, options, spec, path, note. Reading
the header needs no torch; nothing in a file is ever executed.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import struct
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from secantfw.errors import UserError, printable
from secantfw.interfaces.records import DataSpec, WeightsHeader
from secantfw.runtime.json_text import parse_json

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from secantfw.interfaces.build_site import BuildSite

METADATA_KEY = "secantfw"
_MAX_HEADER_BYTES = 100_000_000  # safetensors' own limit
_MAX_TENSORS = 20_000  # a network of billions has some thousands
_MAX_AXES = 16
_MAX_AXIS = 1 << 24  # of an item of data
_MAX_NUMBERS = 1 << 44  # in a tensor
_OS_ERROR = re.compile(r"\(os error (\d+)\)")  # how safetensors spells an errno


@attrs.frozen(eq=False)
class WeightsFile:
    """A weights file whose description is known and whose tensors are read when they are wanted.

    `converted` says of a foreign file what was made of it; "" for a file of secantfw's own.
    """

    header: WeightsHeader
    read: Callable[[], Mapping[str, Tensor]]
    converted: str = ""


def open_weights(file: str | os.PathLike[str], site: BuildSite) -> WeightsFile:
    """The weights file that a component's options name, of whatever format it is.

    Raises:
        UserError: no such file, or a damaged one.
    """
    known = site.weights
    if known is not None and site.read_weights is not None and known.file == str(file):
        return WeightsFile(known, site.read_weights)
    return WeightsFile(read_header(file), partial(load_weights, file))


def read_header(file: str | os.PathLike[str]) -> WeightsHeader:
    """The self-description of a safetensors file, without reading its tensors.

    Raises:
        UserError: no such file, or not a safetensors file.
    """
    metadata = _raw_header(Path(file)).get("__metadata__", {})
    try:
        said = parse_json(metadata.get(METADATA_KEY, "{}").encode())
        spec = said.get("spec")
        return WeightsHeader(
            file=str(file),
            component=str(said.get("component", "")),
            options=dict(said.get("options", {})),
            spec=None if spec is None else _spec(spec),
            path_name=str(said.get("path", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{file}: its secantfw metadata cannot be read ({printable(error)})"
        ) from error


def read_shapes(file: str | os.PathLike[str]) -> Mapping[str, tuple[int, ...]]:
    """The shapes in a safetensors file by name, without reading its tensors.

    Raises:
        UserError: no such file, or not a safetensors file.
    """
    held = _raw_header(Path(file))
    return {k: tuple(v["shape"]) for k, v in held.items() if k != "__metadata__"}


def read_note(file: str | os.PathLike[str]) -> Mapping[str, str]:
    """Where the weights come from (command, date, data), as their maker wrote it."""
    metadata = _raw_header(Path(file)).get("__metadata__", {})
    try:
        note = parse_json(metadata.get(METADATA_KEY, "{}").encode()).get("note", {})
        return {str(key): str(value) for key, value in note.items()}
    except (ValueError, AttributeError) as error:
        raise UserError(f"{file}: its secantfw note cannot be read") from error


def _check_number(file: Path, tensors: int) -> None:
    """Of what is said, counted before it is parsed: a long list takes its time."""
    if tensors > _MAX_TENSORS:
        raise UserError(f"{file}: {tensors:,} tensors, more than the {_MAX_TENSORS:,} allowed")


def _raw_header(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise UserError(f"{file}: no such weights file")
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(_MAX_HEADER_BYTES, file.stat().st_size - 8):
                raise ValueError("its header claims more bytes than the file has")
            said = stream.read(length)
        _check_number(file, said.count(b'"data_offsets"'))
        header = parse_json(said)
    except (struct.error, ValueError) as error:
        raise UserError(f"{file}: not a safetensors file ({printable(error)})") from error
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
        raise UserError(f"{file}: not a safetensors file (its header is not an object)")
    if not all(_is_entry(entry) for name, entry in header.items() if name != "__metadata__"):
        raise UserError(f"{file}: not a safetensors file (a tensor without a shape that can be)")
    _check_number(file, len(header))
    return header


def _is_entry(entry: Any) -> bool:
    """Whether its shape is one: no axis and no product of axes that no disk could hold."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or len(shape) > _MAX_AXES:
        return False
    axes = all(type(axis) is int and 0 <= axis <= _MAX_NUMBERS for axis in shape)
    return axes and math.prod(axis or 1 for axis in shape) <= _MAX_NUMBERS


def _spec(said: Any) -> DataSpec:
    """The shape of an item and the number of classes.

    Raises:
        ValueError: no such numbers.
        TypeError, KeyError: another structure.
    """
    shape, classes = tuple(said["shape"]), said["num_classes"]
    axes = all(type(axis) is int and 1 <= axis <= _MAX_AXIS for axis in shape)
    if not axes or len(shape) > _MAX_AXES or type(classes) is not int or classes < 0:
        raise ValueError(f"a spec of shape {shape} with {classes!r} classes"[:200])
    return DataSpec(shape, classes)


def load_weights(file: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a safetensors file on the CPU; float16 and bfloat16 come back as float32.

    Raises:
        UserError: no such file, a damaged one, or numbers that are not finite.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    read_header(file)
    try:
        tensors = load_file(str(file))
    except (SafetensorError, ValueError, KeyError, OSError) as error:
        raise UserError(f"{file}: damaged weights file ({printable(error)})") from error
    found = widened(tensors)
    for name, tensor in found.items():
        if tensor.dtype in (torch.float32, torch.float64) and not tensor.isfinite().all():
            raise UserError(f"{file}: NaN or infinity in {name!r}")
    return found


def widened(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with float16 and bfloat16 as float32."""
    import torch

    half = (torch.float16, torch.bfloat16)
    return {k: v.float() if v.dtype in half else v for k, v in tensors.items()}


def save_weights(
    file: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    header: WeightsHeader,
    *,
    dtype: torch.dtype | None = None,
    note: Mapping[str, str] | None = None,
) -> None:
    """Write tensors with their description; floating ones as `dtype` if one is given.

    Raises:
        OSError: the file cannot be written.
    """
    said = {
        "component": header.component,
        "options": dict(header.options),
        "path": header.path_name,
        "note": dict(note or {}),
    }
    if header.spec is not None:
        said["spec"] = {"shape": list(header.spec.shape), "num_classes": header.spec.num_classes}
    write_tensors(file, _on_cpu(tensors, dtype), {METADATA_KEY: json.dumps(said, sort_keys=True)})


def _on_cpu(tensors: Mapping[str, Tensor], dtype: torch.dtype | None) -> dict[str, Tensor]:
    """As a file holds them: whole, and no two in one storage.

    What already is so is not copied: AdamW's moments alone are twice the network.
    """
    stored: dict[str, Tensor] = {}
    storages: set[int] = set()
    for key, value in tensors.items():
        wanted = dtype if dtype and value.is_floating_point() else value.dtype
        one = value.detach().to(device="cpu", dtype=wanted).contiguous()
        storage = one.untyped_storage()
        if storage.data_ptr() in storages or storage.nbytes() != one.nbytes:
            one = one.clone()
        storages.add(one.untyped_storage().data_ptr())
        stored[key] = one
    return stored


def write_tensors(
    file: str | os.PathLike[str], tensors: dict[str, Tensor], metadata: dict[str, str]
) -> None:
    """A safetensors file; whatever keeps it from being written is an OSError with its reason."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    if os.path.isdir(file):  # safetensors would say that the device is busy
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    try:
        save_file(tensors, str(file), metadata=metadata)
    except SafetensorError as error:
        raise _os_error(error, str(file)) from error


def _os_error(error: Exception, file: str) -> OSError:
    found = _OS_ERROR.search(str(error))
    number = int(found[1]) if found else errno.EIO
    return OSError(number, os.strerror(number) if found else str(error), file)
