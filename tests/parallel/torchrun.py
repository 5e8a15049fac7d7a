"""Real launches: `python tests/parallel/torchrun.py FOLDER --kills 10`, in torchrun's own hands.

`torchrun --nproc-per-node 2 -m secantfw run experiments/gmm_picard.toml`: once to its end, then N
times with one process killed at random, and resumed by torchrun. A line for each.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import attrs
import torch

ROOT = Path(__file__).parents[2]
STEPS, EVERY = 120, 10
OVERRIDES = (
    f"train.steps={STEPS}", f"train.save_every_steps={EVERY}", "train.log_every_steps=2",
    "evaluate.samples=0",
)  # fmt: skip
_PATIENCE_SECONDS = 120.0


def torchrun(arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Two processes of `secantfw ARGUMENTS`; what they say goes to `log`."""
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    words = [*start, "--nproc-per-node", "2", "-m", "secantfw", *arguments]
    with log.open("wb") as out:
        return subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)


def run(out: Path, *overrides: str) -> subprocess.Popen[bytes]:
    out.mkdir(parents=True)
    words = ["run", "experiments/gmm_picard.toml", "--out", str(out), *OVERRIDES, *overrides]
    return torchrun(words, out / "log.txt")


def directory(out: Path) -> Path:
    (found,) = out.glob("*/*/resolved.toml")
    return found.parent


def pids(agent: int) -> dict[int, int]:
    """By rank, the processes that torchrun started."""
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    found = {}
    for pid in map(int, children):
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        ranks = [int(word[5:]) for word in words if word.startswith(b"RANK=")]
        found.update(dict.fromkeys(ranks, pid))
    return found


def same(a: Path, b: Path) -> bool:
    """Whether two runs' last checkpoints hold the same student, average and moments."""
    from secantfw.weights.stored import stored_tensors

    last = f"checkpoints/step-{STEPS:06d}"
    for part in ("student", "ema", "optimizer"):
        x, y = (stored_tensors(directory(out) / last / part) for out in (a, b))
        if x.keys() != y.keys() or not all(torch.equal(x[k], y[k]) for k in x):
            return False
    return True


@attrs.frozen
class Killed:
    """What a kill left."""

    rank: int
    line: int  # of metrics.jsonl, after which it came
    code: int  # torchrun's
    seconds: float  # from the kill to the end of all
    said: str  # by the process that was left
    resumed: int
    same: bool

    @property
    def handled(self) -> bool:
        lost = "another process was lost" in self.said
        return self.code != 0 and lost and self.resumed == 0 and self.same


def kill(straight: Path, out: Path, seed: int) -> Killed:
    """Kill -9 one of the two at random, and resume."""
    chance = random.Random(seed)
    rank, line = chance.randrange(2), chance.randrange(EVERY, STEPS // 2 - 2)
    job = run(out)
    _wait_for(out, line, job)
    time.sleep(chance.random() * 0.05)
    os.kill(pids(job.pid)[rank], signal.SIGKILL)
    began = time.monotonic()
    code = job.wait(_PATIENCE_SECONDS)
    seconds = time.monotonic() - began
    said = [s for s in (out / "log.txt").read_text().splitlines() if "secantfw: error" in s]
    words = ["run", "--resume", str(directory(out))]
    resumed = torchrun(words, out / "resumed.txt").wait(_PATIENCE_SECONDS)
    held = resumed == 0 and same(straight, out)
    return Killed(rank, line, code, round(seconds, 2), " ".join(said), resumed, held)


def _wait_for(out: Path, lines: int, job: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and job.poll() is None:
        files = list(out.glob("*/*/metrics.jsonl"))
        if files and len(files[0].read_text().splitlines()) >= lines:
            return
        time.sleep(0.002)
    raise AssertionError((out / "log.txt").read_text()[-2000:])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    straight = asked.folder / "straight"
    assert run(straight).wait(_PATIENCE_SECONDS) == 0, (straight / "log.txt").read_text()[-2000:]
    handled = 0
    for seed in range(asked.seed, asked.seed + asked.kills):
        found = kill(straight, asked.folder / f"killed-{seed}", seed)
        handled += found.handled
        print(found, flush=True)
    print(f"killed {asked.kills}, ended and resumed bit for bit {handled}")


if __name__ == "__main__":
    main()
