"""`secantfw convert FILE OUT`: a foreign weights file as safetensors that describe themselves.

Which formats there are is the plug-ins' affair (`secantfw_weights_formats`).
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.experiment.overrides import overrides_layer
from secantfw.runtime.terminal import put
from secantfw.runtime.writing import replacing, unwritable_said
from secantfw.version import __version__

if TYPE_CHECKING:
    from secantfw.interfaces.weights_format import ConvertedWeights

_MEBIBYTE = 1 << 20
NAME = "convert"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="weights file of another project")
    parser.add_argument("out", type=out_path, metavar="OUT", help="safetensors file to write")
    parser.add_argument(
        "--format", default="", metavar="NAME", help="format of FILE; by default FILE shows it"
    )
    parser.add_argument(
        "--which", default="", metavar="NAME", help="of several sets of weights: ema, model"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a network option that FILE does not show, such as heads=6",
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    options = overrides_layer(args.set).tables
    from secantfw.weights.foreign import check_finite, choose_format, read_foreign
    from secantfw.weights.formats import weights_formats

    named = choose_format(args.file, weights_formats(plugins), args.format)
    if args.out.exists() and args.out.samefile(args.file):
        raise UserError(f"{args.out}: is the file to be converted; name another OUT")
    read = read_foreign(args.file, named, args.which, options)
    check_finite(args.file, read.tensors)
    origin = {
        "source": args.file.name,
        "source_sha256": _sha256(args.file),
        "format": named.full_name,
        "converted_by": f"secantfw {__version__}",
    }
    note = {**read.note, **origin}
    _write(args.out, read, note)
    for line in _report(args.out, read, note):
        put(line)
    return int(ExitCode.DONE)


def _sha256(file: Path) -> str:
    from secantfw.runtime.progress import Progress

    digest, mebibytes = hashlib.sha256(), -(-file.stat().st_size // _MEBIBYTE)
    with file.open("rb") as stream, Progress(mebibytes, 0, "hashing, MiB") as progress:
        while chunk := stream.read(_MEBIBYTE):
            digest.update(chunk)
            progress.more(1)
    return digest.hexdigest()


def _write(out: Path, read: ConvertedWeights, note: dict[str, str]) -> None:
    """Write beside `out`, then rename: an OUT that is there stays whole until the new one is."""
    from secantfw.weights.safetensors import save_weights

    if out.is_dir():
        raise UserError(f"{out}: is a folder; name a file to write")
    with unwritable_said(out), replacing(out) as temporary:
        save_weights(temporary, read.tensors, read.header, note=note)


def _report(out: Path, read: ConvertedWeights, note: dict[str, str]) -> Iterator[str]:
    numbers = sum(tensor.numel() for tensor in read.tensors.values())
    size = out.stat().st_size
    yield f"{out}: {len(read.tensors)} tensors, {numbers:,} numbers, {size:,} bytes"
    yield f"  component  {read.header.component}"
    yield "  options    " + ", ".join(f"{k} = {v}" for k, v in read.header.options.items())
    if read.header.spec is not None:
        spec = read.header.spec
        yield f"  data       {spec.shape} with {spec.num_classes} classes"
    if read.header.path_name:
        yield f"  path       {read.header.path_name}"
    yield from (f"  {key:<10} {value}" for key, value in note.items())
    yield from (f"  left over  {key}" for key in read.left_over)
