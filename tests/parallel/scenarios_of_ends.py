"""Scenarios in which a process is stopped, killed, silent or broken."""

from __future__ import annotations

import datetime
import json
import os
import random
import signal
import time
from typing import Any

from forks import Job, run
from shown import STEPS, TESTS, Shown, codes, wait_for_line

from secantfw.cli.main import main

HANG_SECONDS = 2


def resumption(shown: Shown) -> dict[str, Any]:
    """A signal to one of two ends both at one step; shards go on with another number."""
    found: dict[str, Any] = {}
    for name, number, count, reference in (
        ("ddp", signal.SIGTERM, 2, "two"),
        ("fsdp", signal.SIGINT, 1, "fsdp"),
        ("by_accelerate", signal.SIGTERM, 2, "by_accelerate"),
    ):
        if reference not in ("two", "fsdp", *shown.engines):
            continue
        label = f"stopped-{name}"
        brought = [shown.folder / "slow.py"]
        if name in shown.engines:
            brought.append(TESTS / "parallel" / f"{name}.py")
        local = f"local_plugins={json.dumps(list(map(str, brought)))}"
        job = shown.start(label, 2, f"engine.use={name}", local, "train.log_every_steps=1")
        wait_for_line(shown, label, 8)
        job.send(1, number)
        ended = job.wait()
        steps = [p.name for p in (shown.directory(label) / "checkpoints").glob("step-*")]
        resumed = shown.resume(label, count)
        found[name] = {
            "codes": codes(ended),
            "said": ended[0].said.splitlines()[-1:],
            "checkpoints": sorted(steps),
            "resumed": codes(resumed),
            "resumed_said": resumed[0].said[-400:],
            "same": shown.same(label, reference),
            "difference": shown.difference(label, reference),
        }
    return found


def kills(shown: Shown, count: int, seed: int) -> list[dict[str, Any]]:
    """kill -9 of a random process at a random moment after the first checkpoint."""
    chance, found = random.Random(seed), []
    slow = (f'local_plugins=["{shown.folder / "slow.py"}"]', "train.log_every_steps=1")
    for n in range(count):
        name, rank = f"killed-{seed}-{n}", chance.randrange(2)
        job = shown.start(name, 2, *slow)
        wait_for_line(shown, name, chance.randrange(5, STEPS - 8))
        time.sleep(chance.random() * 0.05)
        job.send(rank, signal.SIGKILL)
        began = time.monotonic()
        ended = job.wait()
        seconds = time.monotonic() - began
        resumed = shown.resume(name, 2)
        found.append(
            {
                "rank": rank,
                "killed": ended[rank].code,
                "survivor": ended[1 - rank].code,
                "said": ended[1 - rank].said.splitlines()[-1:],
                "seconds": round(seconds, 2),
                "resumed": codes(resumed),
                "same": shown.same(name, "two"),
            }
        )
    return found


def hang(shown: Shown) -> dict[str, Any]:
    """A process that is there and does not answer is taken for lost after a time-out."""
    slow = (f'local_plugins=["{shown.folder / "slow.py"}"]', "train.log_every_steps=1")
    call = shown.new("hung", slow)

    def impatient() -> int:
        from secantfw.parallel import group

        patient, seconds = group.joined, datetime.timedelta(seconds=HANG_SECONDS)
        group.joined = lambda processes: patient(processes, seconds)  # type: ignore[assignment]
        return call()

    job = Job(impatient, shown.folder / "logs" / "hung").start()
    wait_for_line(shown, "hung", 12)
    job.send(1, signal.SIGSTOP)
    began = time.monotonic()
    os.waitid(os.P_PID, job.pids[0], os.WEXITED | os.WNOWAIT)
    seconds = time.monotonic() - began
    job.send(1, signal.SIGKILL)
    ended = job.wait()
    resumed = shown.resume("hung", 2)
    return {
        "survivor": ended[0].code,
        "said": ended[0].said.splitlines()[-1:],
        "seconds": round(seconds, 2),
        "resumed": codes(resumed),
        "same": shown.same("hung", "two"),
    }


def failures(shown: Shown) -> dict[str, Any]:
    """A process that fails says why; a mistake of the user is said once."""
    bad = shown.run("bad", 2, 'engine.use="single"')
    typo = shown.run("typo", 2, "train.stepz=3")

    def one_fails() -> int:
        if os.environ["RANK"] == "1":
            from secantfw.training import loop

            original = loop.Update.__call__

            def broken(self: Any, step: int, loss: Any) -> Any:
                if step == 7:
                    raise ZeroDivisionError("of process 1")
                return original(self, step, loss)

            loop.Update.__call__ = broken  # type: ignore[method-assign]
        return main(["run", str(shown.toml), "--out", str(shown.folder / "raises")])

    raises = run(one_fails, shown.folder / "logs" / "raises")
    return {
        "none": [(e.code, e.said) for e in bad],
        "typo": [(e.code, e.said) for e in typo],
        "raises": [(e.code, e.said[-600:]) for e in raises],
    }
