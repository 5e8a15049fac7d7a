"""R5: checkpoints that are damaged on the disk.

Each row gives a verdict a fault: None where it was handled as specified, else what went wrong.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from unittest.mock import ANY

from mutant import mutant
from small_run import Bench
from strangers import Verdicts


def damages(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R5: the newest checkpoint truncated, flipped, with files gone, swapped or stale."""
    from secantfw.runtime.checkpoint_folder import damage, newest_valid, steps_in

    makers = (*[_truncate] * 5, *[_flip] * 5, _remove, _swap, _stale_manifest, _rename)
    for n in range(count):
        run = bench.unfinished()
        before, newest = steps_in(run / "checkpoints")[-2:]
        what = makers[n % len(makers)](newest, before, rng)
        found, complaints = newest_valid(run / "checkpoints")
        if damage(newest) is None or found != before or not complaints:
            yield f"{what}: not detected"
        else:
            yield None if n % 20 else bench.identical(run)
        shutil.rmtree(run.parent)


def _any_file(checkpoint: Path, rng: random.Random) -> Path:
    return rng.choice(sorted(checkpoint.iterdir()))


def _truncate(newest: Path, _before: Path, rng: random.Random) -> str:
    file = _any_file(newest, rng)
    length = rng.randrange(file.stat().st_size)
    os.truncate(file, length)
    return f"{file.name} cut to {length}"


def _flip(newest: Path, _before: Path, rng: random.Random) -> str:
    file = _any_file(newest, rng)
    content = bytearray(file.read_bytes())
    at, bit = rng.randrange(len(content)), rng.randrange(8)
    content[at] ^= 1 << bit
    file.write_bytes(content)
    return f"bit {bit} of byte {at} of {file.name}"


def _remove(newest: Path, _before: Path, rng: random.Random) -> str:
    file = _any_file(newest, rng)
    file.unlink()
    return f"{file.name} removed"


def _swap(newest: Path, _before: Path, rng: random.Random) -> str:
    one, other = rng.sample(sorted(newest.glob("*.safetensors")), 2)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    return f"{one.name} and {other.name} swapped"


def _stale_manifest(newest: Path, before: Path, _rng: random.Random) -> str:
    shutil.copyfile(before / "state.json", newest / "state.json")
    return "state.json of the checkpoint before"


def _rename(newest: Path, before: Path, _rng: random.Random) -> str:
    shutil.rmtree(newest)
    shutil.copytree(before, newest)
    return "the checkpoint before under this one's name"


@mutant("runtime.checkpoint_folder:fingerprint", "R5")
def a_file_is_not_compared_with_its_fingerprint(fingerprint):
    return lambda checkpoint, name: ANY


@mutant("runtime.checkpoint_folder:manifest_digest", "R5")
def a_manifest_is_not_compared_with_its_digest(digest):
    return lambda manifest: ANY


@mutant("runtime.checkpoint_folder:_wrong_key", "R5")
def a_manifest_may_be_of_another_step(wrong_key):
    return lambda manifest, step: wrong_key(manifest, ANY)


@mutant("runtime.checkpoint_folder:newest_valid", "R5")
def the_oldest_valid_one_is_taken(newest_valid):
    from secantfw.runtime.checkpoint_folder import damage, steps_in

    def wrong(folder):
        complaints = []
        for checkpoint in steps_in(folder):
            said = damage(checkpoint)
            if said is None:
                return checkpoint, complaints
            complaints.append(said)

    return wrong
