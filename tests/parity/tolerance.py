"""How near is near: max|a - b| / max|b|.

float64 results agree to 1e-9, but for one thing. The frequencies of the time embedding are a
float32 exp, as in the official code, and MKL's exp differs by one unit in the last place between
kinds of CPU. Where this machine's bits are not those of the machine that made the files, the
limit is the effect of such a change that the files themselves state. `MKL_CBWR=COMPATIBLE` gives
the files' bits on every x86 machine, and with them the strict limit.
"""

from __future__ import annotations

import functools
import hashlib

from secantfw_sit.embeddings import TimeEmbedder

from .golden import Golden

F32 = 2e-5
F64 = 1e-9
_FREQUENCIES = "b5c3f7dda95bc520"


@functools.cache
def same_frequencies() -> bool:
    """Whether float32 exp has the bits here that it had where the files were made."""
    bits = TimeEmbedder(4).bits.numpy().tobytes()
    return hashlib.sha256(bits).hexdigest()[:16] == _FREQUENCIES


def limit(golden: Golden, suffix: str) -> float:
    if suffix == ".f32":
        return F32
    if same_frequencies():
        return F64
    return max(F64, golden.sidecar.get("worst_rel_change_if_sinusoid_in_float64", F64))
