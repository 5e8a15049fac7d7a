"""A long run watched: memory, descriptors, checkpoints on disk. Outside CI, ten minutes:

python tests/faults/soak.py --minutes 10
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
from fork_server import start
from small_run import TOML, bench, run_of, secantfw, write_experiment

KEPT = 3
MOST_GROWTH_MIB = 5.0


@attrs.frozen
class Sample:
    """One look at a running process."""

    step: int
    mib: float
    descriptors: int
    checkpoints: int


def look(pid: int, run: Path) -> Sample | None:
    """None once the process has ended, or before its first line."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        lines = (run / "metrics.jsonl").read_text().splitlines()
        step = json.loads(lines[-1])["step"]
    except (OSError, IndexError, ValueError):
        return None
    mib = re.search(r"VmRSS:\s+(\d+)", status)
    names = [n for n in os.listdir(run / "checkpoints") if re.fullmatch(r"step-\d+", n)]
    return None if mib is None else Sample(step, int(mib[1]) / 1024, descriptors, len(names))


def watch(folder: Path, steps: int, warm: int, seconds: float) -> list[Sample]:
    """Run `steps` steps, at most `seconds`, a checkpoint each 50; samples from step `warm` on."""
    text = TOML.replace("steps = 12", f"steps = {steps}").replace('"cosine"', '"constant"')
    text = text.replace("save_every_steps = 3", "save_every_steps = 50")
    file = write_experiment(folder, text.replace("log_every_steps = 4", "log_every_steps = 25"))
    child = start(lambda: secantfw("run", file, "--out", folder / "runs"), folder / "log.txt")
    samples: list[Sample] = []
    while child.running() and time.monotonic() - child.began < seconds:
        time.sleep(0.05 if seconds < 120 else 1.0)
        if list(folder.glob("runs/*/*/resolved.toml")):
            sample = look(child.pid, run_of(folder / "runs"))
            # the last step is left out: the report that follows it loads libraries of its own
            if sample is not None and warm <= sample.step < steps:
                samples.append(sample)
    if child.running():
        child.send(2)
    child.wait()
    return samples


def judged(samples: list[Sample], most: float = MOST_GROWTH_MIB) -> Iterator[str | None]:
    if len(samples) < 3:
        yield f"only {len(samples)} samples"
        return
    growth = samples[-1].mib - samples[0].mib
    yield None if growth < most else f"memory grew by {growth:.1f} MiB"
    # while a file is being written there is one more
    usual = min(s.descriptors for s in samples)
    high = max(s.descriptors for s in samples[-3:])
    yield None if high <= usual + 2 else f"descriptors {usual} -> {high}"
    counts = {s.checkpoints for s in samples}
    yield None if counts <= {KEPT, KEPT + 1} else f"checkpoints on disk: {counts}"


def short_soak(bench_: object, rng: random.Random, count: int) -> Iterator[str | None]:
    """R20 in little: `count` steps after 200."""
    from small_run import Bench

    assert isinstance(bench_, Bench)
    yield from judged(watch(bench_.case(), 200 + count, 200, 100.0))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    with bench() as made:
        samples = watch(made.case(), 10_000_000, 1000, given.minutes * 60)
    first, last = samples[0], samples[-1]
    print(f"steps {first.step} .. {last.step}: memory {first.mib:.1f} -> {last.mib:.1f} MiB")
    print(f"descriptors {sorted({s.descriptors for s in samples})}")
    print(f"checkpoints {sorted({s.checkpoints for s in samples})}, promised {KEPT}")
    misses = [verdict for verdict in judged(samples) if verdict]
    for miss in misses:
        print(f"MISS: {miss}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
