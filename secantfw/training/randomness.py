"""All randomness of a run as a function of (seed, stream, step).

Nothing is saved to resume, two losses at one seed see the same batches, and adding a stream
shifts no other. Each step's block is drawn for the whole global batch, so that any number of
processes sees the same numbers: a process keeps its rows and drops the others.
"""

from __future__ import annotations

from hashlib import blake2b

import torch


def seed_of(seed: int, stream: str, step: int) -> int:
    """A 63-bit generator seed; blake2b, so that near arguments give unrelated generators."""
    text = f"{seed}/{stream}/{step}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") >> 1


class Streams:
    """Named generators on one device; each is re-seeded when it is asked for."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.seed = seed
        self.device = device
        self._generators: dict[str, torch.Generator] = {}

    def at(self, stream: str, step: int) -> torch.Generator:
        """The generator of (seed, stream, step), at its start.

        The object is shared between calls for one stream: use it before asking again.
        """
        generator = self._generators.get(stream)
        if generator is None:
            generator = self._generators[stream] = torch.Generator(self.device)
        return generator.manual_seed(seed_of(self.seed, stream, step))
