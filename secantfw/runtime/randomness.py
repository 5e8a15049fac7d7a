"""All randomness of a run as a function of (seed, stream, step).

Nothing is saved to resume, two losses at one seed see the same batches, and adding a stream
shifts no other. Each step's block is drawn for the whole global batch, so that any number of
processes sees the same numbers: a process keeps its rows and drops the others.
"""

from __future__ import annotations

from hashlib import blake2b

import torch

#: Odd, so that steps * it are different modulo 2^32 and 2^63: no two steps of a stream share a
#: seed, also where a generator keeps 32 bits of it (torch's on the CPU). 2^64 / golden ratio.
_STRIDE = 0x9E3779B97F4A7C15
_BITS_63 = (1 << 63) - 1


def stream_key(seed: int, stream: str) -> int:
    """63 bits that name a stream; blake2b, so that near seeds give unrelated streams."""
    digest = blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def seed_of(seed: int, stream: str, step: int) -> int:
    """The generator seed of (seed, stream, step), in [0, 2^63)."""
    return (stream_key(seed, stream) + step * _STRIDE) & _BITS_63


class Streams:
    """Named generators on one device; each is re-seeded when it is asked for."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.seed = seed
        self.device = device
        self._generators: dict[str, tuple[torch.Generator, int]] = {}

    def at(self, stream: str, step: int) -> torch.Generator:
        """The generator of (seed, stream, step), at its start.

        The object is shared between calls for one stream: use it before asking again.
        """
        known = self._generators.get(stream)
        if known is None:
            known = (torch.Generator(self.device), stream_key(self.seed, stream))
            self._generators[stream] = known
        generator, key = known
        return generator.manual_seed((key + step * _STRIDE) & _BITS_63)
