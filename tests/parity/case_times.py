"""Cases of times: the laws of STEI, SDEE and STEE are the time sampler `continuous`, mirrored.

The recorded uniform numbers are handed to our sampler in the order in which it draws. SiT's time
is mirrored, so where the release draws u for a position, ours is 1 - u; a release's mask of 1
keeps the direction of generation.
"""

from __future__ import annotations

from unittest import mock

import torch
from secantfw_basics.options import ContinuousOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.times.continuous import Continuous
from torch import Tensor

from secantfw import Times, TimesNeed

from .comparison import Case
from .dispatch import Row
from .tolerance import F32

#: What the release draws after the noise, by loss.
RELEASED = {
    "stei": ("tau", "d", "t", "r"),
    "sdee": ("d", "t", "mask", "r"),
    "stee": ("d", "t", "mask", "r"),
}


def continuous(case: Case) -> None:
    """t, s, r and tau of a case; the sampler is float32, whatever the recorded precision."""
    tables = case.golden.sidecar["losses"] + case.golden.sidecar["samples"]
    said = next(entry for entry in tables if entry["name"] == case.name)
    if said["loss"] not in RELEASED:
        return  # SDEI's times lie on a grid, by a law of the release's own
    times = _sample(said["N"], _released_draws(case, said["loss"]))
    for key in ("t", "s", "r", "tau"):
        name = f"out/{case.name}/{key}"
        if name in case.names:
            mirrored = 1 - getattr(times, key).flatten()
            case.check(name, mirrored, tolerance=F32)


def _released_draws(case: Case, loss: str) -> dict[str, Tensor]:
    draws = case.golden.under(f"draw/{case.name}")
    after_noise = [draws[key] for key in sorted(draws)][1:]
    return dict(zip(RELEASED[loss], after_noise, strict=False))


def _sample(segments: int, u: dict[str, Tensor]) -> Times:
    """Our sampler on the recorded numbers."""
    both = "mask" in u
    feed = [u["d"].clone(), 1 - u["t"]]
    if both:
        feed.append(torch.where(u["mask"] == 1, 0.75, 0.25))  # below 1/2 it exchanges t and s
    feed.append(u["r"].unsqueeze(1))
    if "tau" in u:
        feed.append(1 - u["tau"])
    options = ContinuousOptions(segments=segments, direction="both" if both else "generate")
    need = TimesNeed(tau="tau" in u)
    with mock.patch("torch.rand", side_effect=feed) as rand:
        times = Continuous(options).sample(
            len(u["d"]), need, Linear(), torch.Generator(), progress=0.0
        )
    assert rand.call_count == len(feed)
    return times


ROWS = (Row("secant.*", r"times_(stei|sdee|stee)_.*", continuous),)
