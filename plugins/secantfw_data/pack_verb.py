"""`secantfw pack FOLDER --out DIR`: latents in a few large files.

Imported to show help, so without torch.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import Any

import attrs

import secantfw
from secantfw_data.options import LatentsOptions

NAME = "pack"
HELP = "pack a folder of latents, in any layout, into a few large files that start at once"
_GIGABYTE, _MEBIBYTE = 10**9, 1 << 20
_DEFAULTS = attrs.fields(LatentsOptions)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="FOLDER", help="what `dataset.folder` would name: a folder of latents"
    )
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="folder to write; called again, it goes on"
    )
    parser.add_argument("--labels", metavar="FOLDER", help="as `dataset.labels`")
    parser.add_argument("--flipped", metavar="FOLDER", help="as `dataset.flipped`")
    parser.add_argument(
        "--x", default=_DEFAULTS.x.default, metavar="NAME", help="as `dataset.x` (%(default)s)"
    )
    parser.add_argument(
        "--shape",
        type=_shape,
        default=_DEFAULTS.shape.default,
        metavar="C,H,W",
        help="of one latent (4,32,32)",
    )
    parser.add_argument(
        "--shard-gb", type=_gigabytes, default=4.0, metavar="GB", help="of a file at most (4)"
    )
    parser.set_defaults(run=run)


def _shape(text: str) -> tuple[int, ...]:
    parts = text.strip("[]() ").split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() and int(part) for part in parts):
        raise secantfw.UserError(f"--shape: expected numbers such as 4,32,32, got {text!r}")
    return tuple(int(part) for part in parts)


def _gigabytes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise secantfw.UserError(f"--shard-gb: expected a number above 0, got {text!r}")
    return value


def run(args: argparse.Namespace, plugins: Any) -> int:
    options = _options(args)
    from secantfw_data.pack import pack

    out = Path(args.out)
    with _Shown() as shown:
        state = pack(options, out, round(args.shard_gb * _GIGABYTE), shown.reached)
    labels = "with labels" if state.labels else "without labels"
    size = sum(file.stat().st_size for file in out.iterdir())
    print(
        f"{out}: {state.rows:,} latents of {state.files:,} files, {labels}, "
        f"{size / _GIGABYTE:.3g} GB; dataset.folder = {str(out)!r} reads it"
    )
    return 0


def _options(args: argparse.Namespace) -> LatentsOptions:
    for key in ("folder", "labels", "flipped"):
        path = getattr(args, key)
        if path is not None and not (path and Path(path).exists()):
            raise secantfw.UserError(f"pack: {key}: {path!r}: no such file or folder")
    if not args.out:
        raise secantfw.UserError("--out: expected a path, got ''")
    return LatentsOptions(
        folder=args.folder,
        labels=args.labels,
        flipped=args.flipped,
        x=args.x,
        shape=args.shape,
    )


class _Shown(contextlib.ExitStack):
    """The progress line, once it is known how much there is."""

    _progress: secantfw.Progress | None = None

    def reached(self, done: int, of: int) -> None:
        if self._progress is None:
            line = secantfw.Progress(of // _MEBIBYTE, done // _MEBIBYTE, "packing, MiB")
            self._progress = self.enter_context(line)
        self._progress.tick(done // _MEBIBYTE)
