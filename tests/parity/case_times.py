"""Cases of times: the law of SDEI is the time sampler `floor_grid`, those of STEI, SDEE and STEE
are `continuous`, mirrored.

The recorded uniform numbers are handed to our sampler in the order in which it draws. SiT's time
is mirrored, so where the release draws u for a position, ours is 1 - u; a release's mask of 1
keeps the direction of generation.
"""

from __future__ import annotations

from unittest import mock

import torch
from secantfw_basics.options import ContinuousOptions, FloorGridOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.times.continuous import Continuous
from secantfw_basics.times.floor_grid import FloorGrid
from torch import Tensor

from secantfw import Times, TimeSampler, TimesNeed

from .comparison import Case
from .dispatch import Row
from .tolerance import stated

#: What the release draws after the noise, by loss.
RELEASED = {
    "sdei": ("d", "t", "r"),
    "stei": ("tau", "d", "t", "r"),
    "sdee": ("d", "t", "mask", "r"),
    "stee": ("d", "t", "mask", "r"),
}


def times(case: Case) -> None:
    """t, s, r and tau of a case; the sampler is float32, whatever the recorded precision."""
    tables = case.golden.sidecar["losses"] + case.golden.sidecar["samples"]
    said = next(entry for entry in tables if entry["name"] == case.name)
    drawn = _sample(said["loss"], said["N"], _released_draws(case, said["loss"]))
    for key in ("t", "s", "r", "tau"):
        name = f"out/{case.name}/{key}"
        if name in case.names:
            mirrored = 1 - getattr(drawn, key).flatten()
            case.check(name, mirrored, tolerance=stated(case.golden, ".f32"))


def _released_draws(case: Case, loss: str) -> dict[str, Tensor]:
    draws = case.golden.under(f"draw/{case.name}")
    after_noise = [draws[key] for key in sorted(draws)][1:]
    return dict(zip(RELEASED[loss], after_noise, strict=False))


def _sample(loss: str, segments: int, u: dict[str, Tensor]) -> Times:
    """Our sampler on the recorded numbers."""
    both = "mask" in u
    feed = [u["d"].clone(), 1 - u["t"]]
    if both:
        feed.append(torch.where(u["mask"] == 1, 0.75, 0.25))  # below 1/2 it exchanges t and s
    feed.append(u["r"].unsqueeze(1))
    if "tau" in u:
        feed.append(1 - u["tau"])
    sampler: TimeSampler
    if loss == "sdei":
        sampler = FloorGrid(FloorGridOptions(segments=segments))
    else:
        direction = "both" if both else "generate"
        sampler = Continuous(ContinuousOptions(segments=segments, direction=direction))
    need = TimesNeed(tau="tau" in u)
    with mock.patch("torch.rand", side_effect=feed) as rand:
        drawn = sampler.sample(len(u["d"]), need, Linear(), torch.Generator(), progress=0.0)
    assert rand.call_count == len(feed)
    return drawn


ROWS = (Row("secant.*", r"times_.*", times),)
