"""How near is near: max|a - b| / max|b|, as the sidecar states it.

float64 results agree to 1e-9, but for one thing. The frequencies of the time embedding are a
float32 exp, as in the official code, and MKL's exp differs by one unit in the last place between
kinds of CPU. Where this machine's bits are not those of the machine that made a file, the limit
is the effect of such a change that the file itself states. Whether they are, the file's results
show: with equal bits they agree to 1e-12 and better. `MKL_CBWR=COMPATIBLE`, which this folder sets
where it runs alone, gives the bits of the files in tests/data on every x86 machine.
"""

from __future__ import annotations

import re

from .golden import Golden

#: float64 results that agree so well were computed with the same bits.
SAME_BITS = 1e-12
_NUMBER = r"(\d[\d.]*e-?\d+)"
#: The words before the number, by the end of a result's name; "" for results of no precision.
_WORDS = {".f32": r"f32 (?:rel )?", ".f64": r"f64 (?:rel )?", "": r"^rel "}


def stated(golden: Golden, suffix: str) -> float:
    """The number in the sidecar's sentence, `f32 rel 2e-5; f64 rel 1e-9 ...` or `rel 1e-12`."""
    found = re.search(_WORDS[suffix] + _NUMBER, golden.sidecar.get("tolerance", ""))
    assert found, f"{golden.stem}: its sidecar states no tolerance for {suffix or 'this'}"
    return float(found[1])


def stated_of_adaptive(golden: Golden) -> float:
    """The number in `ode_dopri5 (rtol 1e-3) may differ by ~1e-3`; 0 without such words."""
    found = re.search(r"dopri5.*~" + _NUMBER, golden.sidecar.get("tolerance", ""))
    return float(found[1]) if found else 0.0


def limit(golden: Golden, suffix: str) -> float:
    """For results of a network, whatever the bits; gradients name no precision: float64."""
    if suffix == ".f32":
        return stated(golden, suffix)
    other_bits: float = golden.sidecar.get("worst_rel_change_if_sinusoid_in_float64", 0.0)
    return max(strict(golden), other_bits)


def strict(golden: Golden) -> float:
    """For float64 results of a network, where the bits are the file's."""
    return stated(golden, ".f64")
