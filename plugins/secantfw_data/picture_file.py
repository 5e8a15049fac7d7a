"""One picture file, decoded defensively: whatever is wrong with it is said with its name."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from secantfw import UserError

#: Modes whose grey levels go beyond 0..255; Pillow would clip them without a word.
DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def read_square(file: Path, size: int, channels: int) -> Tensor:
    """The central square at size x size: (channels, size, size) uint8.

    Raises:
        UserError: not a picture, damaged, too large to be decoded safely, or deeper than 8 bits.
    """
    if not file.is_file():
        raise UserError(f"{file}: is no file, or no longer there")
    return decode_square(file, str(file), size, channels)


def decode_square(
    source: Path | BinaryIO,
    place: str,
    size: int,
    channels: int,
    formats: tuple[str, ...] | None = None,
    exact: bool = False,
) -> Tensor:
    """The same of a picture in a file or in memory, which messages call `place`.

    With `exact` a picture of another size is refused, before it is decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=formats) as opened:
                mode = opened.mode
                if exact and opened.size != (size, size):
                    said = "x".join(map(str, opened.size))
                    raise UserError(f"{place}: is {said} pixels, expected {size}x{size}")
                picture = ImageOps.exif_transpose(opened).convert("L" if channels == 1 else "RGB")
    except UserError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"{place}: has more than {Image.MAX_IMAGE_PIXELS} pixels") from error
    except Exception as error:  # decoders of damaged files raise nearly anything
        raise UserError(f"{place}: cannot be read as a picture ({error})") from error
    if mode in DEEP_MODES:
        raise UserError(f"{place}: has more than 8 bits per channel ({mode}); convert it first")
    return _resized(picture, size)


def _resized(picture: Image.Image, size: int) -> Tensor:
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    law = Image.Resampling.BOX if side > size else Image.Resampling.BICUBIC
    pixels = np.array(square.resize((size, size), law))
    return torch.from_numpy(pixels.reshape(size, size, -1)).movedim(-1, 0)
