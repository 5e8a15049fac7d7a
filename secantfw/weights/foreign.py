"""Foreign weights files: which format a file is of, and whether what was read can be believed."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.discovery.records import cause
from secantfw.errors import UserError
from secantfw.interfaces.weights_format import ConvertedWeights
from secantfw.weights.formats import NamedFormat
from secantfw.weights.safetensors import WeightsFile, load_weights, read_header, widened
from secantfw.weights.torch_file import complaint

if TYPE_CHECKING:
    from torch import Tensor

_SHOWN = 5  # names that an error line holds


def recognised_by(file: Path, formats: Sequence[NamedFormat]) -> list[NamedFormat]:
    """The formats that claim the file; one that fails on it does not."""
    found = []
    for named in formats:
        try:
            claimed = named.format.recognises(file)
        except (
            Exception
        ):  # a stranger's file may trip any reader; the others are asked all the same
            claimed = False
        if claimed:
            found.append(named)
    return found


def choose_format(file: Path, formats: Sequence[NamedFormat], name: str = "") -> NamedFormat:
    """The format called `[plugin:]name`, or the one that recognises the file.

    Raises:
        UserError: no such file, no such format, none that recognises the file, or several.
    """
    check_regular(file)
    known = ", ".join(named.full_name for named in formats) or "none is installed"
    if name:
        found = [n for n in formats if name in (n.full_name, n.full_name.partition(":")[2])]
        if not found:
            raise UserError(f"no weights format named {name!r}; known: {known}")
    else:
        found = recognised_by(file, formats)
        if not found:
            raise UserError(f"{_seen_from_outside(file)}; no installed format recognises it")
    if len(found) > 1:
        choices = " or ".join(f"--format {named.full_name}" for named in found)
        raise UserError(f"{file}: several formats claim it; say {choices}")
    return found[0]


def _seen_from_outside(file: Path) -> str:
    """What is wrong with a file that nobody recognises, as far as its first bytes tell."""
    with file.open("rb") as stream:
        first = stream.read(9)
    if not first:
        return f"{file}: is empty"
    if first.startswith(b"PK"):
        return complaint(file) or f"{file}: a file of torch.save with other names"
    if first.startswith(b"\x80"):
        return f"{file}: a bare pickle, which would have to be executed"
    if file.suffix == ".safetensors" or first[8:] == b"{":
        try:
            read_header(file)
        except UserError as error:
            return str(error)
        return f"{file}: damaged safetensors, or with other names"
    return f"{file}: not a weights file"


def check_regular(file: Path) -> None:
    """Refuse what is no file, or none that can be read twice (a pipe, a device)."""
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        said = getattr(error, "strerror", None) or error
        raise UserError(f"{file}: cannot be read ({said})") from error
    if stat.S_ISDIR(mode):
        raise UserError(f"{file}: a folder; name the weights file in it")
    if not stat.S_ISREG(mode):
        raise UserError(f"{file}: not a regular file")


def read_foreign(
    file: Path, named: NamedFormat, which: str = "", options: Mapping[str, object] | None = None
) -> ConvertedWeights:
    """The file's weights, complete and plausible; numbers are not looked at yet.

    Raises:
        UserError: a file that the format cannot read, missing weights, tensors that are none.
    """
    try:
        read = named.format.read(file, which, options or {})
    except UserError:
        raise
    except Exception as error:  # whatever a damaged file makes a reader raise
        raise UserError(f"{file}: cannot be read as {named.full_name} ({cause(error)})") from error
    for key, value in (options or {}).items():
        if read.header.options.get(key) != value:
            raise UserError(f"{file}: {named.full_name} networks have no option {key!r}")
    if read.missing:
        raise UserError(f"{file}: {listed(read.missing)} missing")
    if not read.tensors:
        raise UserError(f"{file}: holds no weights")
    for key, tensor in read.tensors.items():
        _check_plain(file, key, tensor)
    return read


def open_any(file: Path, formats: Callable[[], Sequence[NamedFormat]]) -> WeightsFile:
    """The weights file, of our own format or of one of `formats`, which are asked for at need.

    Safetensors without our description that no format recognises are taken as they are.

    Raises:
        UserError: no such file, a damaged one, or of a format that nobody knows.
    """
    check_regular(file)
    own = WeightsFile(read_header(file), partial(load_weights, file)) if _is_ours(file) else None
    if own is not None and own.header.component:
        return own
    known = formats()
    if own is not None and not recognised_by(file, known):
        return own
    named = choose_format(file, known)
    read = read_foreign(file, named)

    def tensors() -> Mapping[str, Tensor]:
        check_finite(file, read.tensors)
        return widened(read.tensors)

    which = f", weights {read.note['weights']}" if "weights" in read.note else ""
    return WeightsFile(
        read.header, tensors, f"{file.name}: converted from {named.full_name}{which}"
    )


def _is_ours(file: Path) -> bool:
    """Whether it is, or says it is, a safetensors file."""
    with file.open("rb") as stream:
        return file.suffix == ".safetensors" or stream.read(9)[8:] == b"{"


def check_finite(file: Path | str, tensors: Mapping[str, Tensor]) -> None:
    """Refuse weights with NaN or infinity, naming where."""
    bad = [key for key, tensor in tensors.items() if not bool(tensor.isfinite().all())]
    if bad:
        raise UserError(f"{file}: NaN or infinity in {listed(bad)}")


def listed(names: Sequence[str]) -> str:
    """`3 weights (a, b, c)`, at most the first few by name."""
    shown = ", ".join(names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} weight{'s' if len(names) != 1 else ''} ({shown}{more})"


def _check_plain(file: Path, key: str, tensor: Tensor) -> None:
    for what in _oddities(tensor):
        raise UserError(f"{file}: {key} {what}")


def _oddities(tensor: Tensor) -> Iterator[str]:
    """What no tensor of an honest weights file is; tested before its numbers are touched."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        yield f"is no tensor but {type(tensor).__name__}"
        return
    plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
    if not plain or tensor.is_quantized or tensor.is_complex():
        yield "is no plain tensor"
        return
    needed = tensor.numel() * tensor.element_size()
    held = tensor.untyped_storage().nbytes()
    if needed > held:  # stride 0: a byte on disk may claim a terabyte
        yield f"claims {needed:,} bytes, the file holds {held:,}"
