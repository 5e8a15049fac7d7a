"""How near is near: max|a - b| / max|b|, as the sidecar states it.

float64 results agree to 1e-9, but for one thing. The frequencies of the time embedding are a
float32 exp, as in the official code, and MKL's exp differs by one unit in the last place between
kinds of CPU. Where this machine's bits are not those of the machine that made the files, the
limit is the effect of such a change that the files themselves state. `MKL_CBWR=COMPATIBLE` gives
the files' bits on every x86 machine, and with them the strict limit.
"""

from __future__ import annotations

import functools
import hashlib
import re

from secantfw_sit.embeddings import TimeEmbedder

from .golden import Golden

F32 = 2e-5
_FREQUENCIES = "b5c3f7dda95bc520"
_NUMBER = r"(\d[\d.]*e-?\d+)"
#: The words before the number, by the end of a result's name; "" for results of no precision.
_WORDS = {".f32": r"f32 (?:rel )?", ".f64": r"f64 (?:rel )?", "": r"^rel "}


@functools.cache
def same_frequencies() -> bool:
    """Whether float32 exp has the bits here that it had where the files were made."""
    bits = TimeEmbedder(4).bits.numpy().tobytes()
    return hashlib.sha256(bits).hexdigest()[:16] == _FREQUENCIES


def stated(golden: Golden, suffix: str) -> float:
    """The number in the sidecar's sentence, `f32 rel 2e-5; f64 rel 1e-9 ...` or `rel 1e-12`."""
    found = re.search(_WORDS[suffix] + _NUMBER, golden.sidecar.get("tolerance", ""))
    assert found, f"{golden.stem}: its sidecar states no tolerance for {suffix or 'this'}"
    return float(found[1])


def limit(golden: Golden, suffix: str) -> float:
    """For results of a network: gradients, which name no precision, are float64."""
    if suffix == ".f32":
        return stated(golden, suffix)
    strict = stated(golden, ".f64")
    if same_frequencies():
        return strict
    return max(strict, golden.sidecar.get("worst_rel_change_if_sinusoid_in_float64", strict))
