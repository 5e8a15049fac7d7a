"""R6: disks that are full, folders that may not be written.

Each row gives a verdict a fault: None where it was handled as specified, else what went wrong.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from mutant import mutant
from rows_of_kills import moments, resumable
from small_run import Bench, last_line, run_of, runs_in
from strangers import Verdicts
from wrapped_files import Counter, denied, die, disk_full, wrap


def full_disks(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R6: tmpfs of growing sizes; where none can be mounted, writes that fail from a moment on."""
    names = moments(bench)
    mounted = _can_mount(bench.case())
    for n in range(count):
        if mounted and n % 2:
            yield _on_small_tmpfs(bench, 40 + n * 400 // count)
        else:
            yield _with_failing_writes(
                bench, rng.randrange(len(names)), disk_full if n % 4 else denied
            )


def _can_mount(folder: Path) -> bool:
    return os.geteuid() == 0 and not _mount(folder, 64) and not _unmount(folder)


def _mount(folder: Path, kilobytes: int, *options: str) -> int:
    words = ",".join([f"size={kilobytes}k", *options])
    made = ["mount", "-t", "tmpfs", "-o", words, "tmpfs", str(folder)]
    return subprocess.run(made, capture_output=True, check=False).returncode


def _unmount(folder: Path) -> int:
    gone = ["umount", "-l", str(folder)]
    return subprocess.run(gone, capture_output=True, check=False).returncode


def _on_small_tmpfs(bench: Bench, kilobytes: int) -> str | None:
    out = bench.case() / "small"
    out.mkdir()
    assert not _mount(out, kilobytes)
    try:

        def before() -> None:  # the plan would refuse at once
            from secantfw.session import new_run

            new_run.disk_line = lambda *_: ""

        log = out.parent / "log.txt"
        from fork_server import forked
        from small_run import secantfw

        def call() -> int:
            before()
            return secantfw("run", bench.file, "--out", out)

        ended = forked(call, log)
        wrong = _after_no_room(bench, out, ended.code, ended.said)
        if wrong:
            return f"tmpfs of {kilobytes} kB: {wrong}"
        if not resumable(out):
            return None
        subprocess.run(["mount", "-o", "remount,size=16m", str(out)], check=True)
        return bench.identical(run_of(out))
    finally:
        _unmount(out)


def _with_failing_writes(bench: Bench, at: int, act) -> str | None:
    """From moment `at` on three operations fail."""
    out = bench.case()

    ended = bench.run(out, before=lambda: failing(at, act, out)).wait()
    wrong = _after_no_room(bench, out, ended.code, ended.said)
    if wrong:
        return f"{act.__name__} at moment {at}: {wrong}"
    return bench.identical(run_of(out)) if resumable(out) else None


def failing(at: int, act: Callable[[], None], root: Path) -> None:
    """From moment `at` on three operations below `root` fail."""
    counter = Counter(-1, die)

    def hook(name: str, path: str, when: str) -> None:
        counter(name, path, when)
        removes = name in ("unlink", "rmdir")  # which a full disk does not forbid
        if when != "after" and at <= len(counter.names) - 1 < at + 3 and not removes:
            act()

    wrap(hook, root)


def _after_no_room(bench: Bench, out: Path, code: int, said: str) -> str | None:
    from secantfw.runtime.checkpoint_folder import damage, steps_in

    if code not in (0, 2, 3) or "Traceback" in said:
        return f"exit {code}: {last_line(said)}"
    for run in runs_in(out):
        folder = run / "checkpoints"
        if list(folder.glob("*.tmp-*")):
            return "a temporary folder is left"
        if any(damage(f) for f in steps_in(folder)):
            return "a damaged checkpoint"
    if code == 3 and not ("needed" in said or "cannot be written" in said):
        return f"it does not say what was needed: {last_line(said)}"
    return None


@mutant("training.checkpoint:saving", "R6")
def half_a_checkpoint_is_left(saving):
    """Something else is cleaned up."""
    return lambda temporary, *rest: saving(temporary.with_name("else"), *rest)
