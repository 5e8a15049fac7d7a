"""R1 to R6: kills, power loss, signals, damage, full disks. Each row gives a verdict a fault:
None where it was handled as specified, else what went wrong."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from small_run import STEPS, Bench, last_line, outcome_of, run_of, runs_in
from wrapped_files import Counter, PowerLoss, denied, die, disk_full, wrap

Verdicts = Iterator[str | None]


def _wrapped(at: int, act, root: Path):
    return lambda: wrap(Counter(at, act), root)


def moments(bench: Bench) -> list[str]:
    """The names of all moments of the straight run, in order."""
    out = bench.case()

    def before() -> None:
        counter = Counter(-1, die)
        wrap(_listing(counter, out / "moments.json"), out)

    ended = bench.run(out, before=before).wait()
    assert ended.code == 0, ended.said
    return json.loads((out / "moments.json").read_text())


def _listing(counter: Counter, file: Path):
    descriptor_open, write, close = os.open, os.write, os.close

    def hook(name: str, path: str, when: str) -> None:
        counter(name, path, when)
        descriptor = descriptor_open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        write(descriptor, json.dumps(counter.names).encode())
        close(descriptor)

    return hook


def kills(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R1: SIGKILL at a random time, or at a random moment of a write; every third run twice."""
    names = moments(bench)
    for n in range(count):
        out = bench.case()
        if n % 2:
            bench.run(out, before=_wrapped(rng.randrange(len(names)), die, out)).wait()
        else:
            child = bench.run(out)
            time.sleep(rng.uniform(0, 1.5 * bench.seconds))
            child.send(signal.SIGKILL)
            child.wait()
        if n % 3 == 0 and _resumable(out):
            run = run_of(out)
            at = rng.randrange(len(names))
            bench.resume(run, before=_wrapped(at, die, run))
        yield after_a_kill(bench, out)


def after_a_kill(bench: Bench, out: Path) -> str | None:
    """A killed run resumes bit for bit, or had no checkpoint yet and says so in one line."""
    from secantfw.training.checkpoint_folder import damage, steps_in

    for run in runs_in(out):
        if any(damage(checkpoint) for checkpoint in steps_in(run / "checkpoints")):
            return "half a checkpoint under a checkpoint's name"
    if _resumable(out):
        return bench.identical(run_of(out))
    if not runs_in(out):
        return None
    ended = bench.resume(run_of(out))
    one_line = ended.code == 2 and "no valid checkpoint" in ended.said
    return None if one_line else f"without a checkpoint: {ended.code} {last_line(ended.said)}"


def _resumable(out: Path) -> bool:
    return any(any(run.glob("checkpoints/step-??????/state.json")) for run in runs_in(out))


def named_points(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R2: an end at each kind of moment of save, prune, rename and resume, first and later."""
    names = moments(bench)
    kinds: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        kinds.setdefault(_kind(name), []).append(at)
    points = [(kind, at) for kind, found in kinds.items() for at in {found[0], found[-1]}]
    rng.shuffle(points)
    for kind, at in points[:count]:
        out = bench.case()
        ended = bench.run(out, before=_wrapped(at, die, out)).wait()
        wrong = after_a_kill(bench, out) if ended.code == -9 else f"not killed: {ended.code}"
        yield f"{kind}: {wrong}" if wrong else None


def _kind(name: str) -> str:
    """A moment without the numbers in it."""
    return "".join(c for c in name if not c.isdigit())


def power_loss(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R3: after every operation, all that was not fsynced is gone."""
    out = bench.case()
    report = out / "verdicts.json"

    def before() -> None:
        from secantfw.training import checkpoint, run_directory
        from secantfw.training.checkpoint_folder import newest_valid

        verdicts: list[str | None] = []
        saved: list[int] = []
        original = checkpoint.save

        def save(folder, *rest):
            final = original(folder, *rest)
            saved.append(int(final.name[5:]))
            return final

        checkpoint.save = save
        create = run_directory.create

        def created(*given):
            directory = create(*given)
            wrap(PowerLoss(directory, look), directory)
            return directory

        def look(what: str, mode: str, tree: dict[str, bytes]) -> None:
            if saved:
                verdicts.append(judged(what, mode, tree))
                with report.open("w") as stream:
                    stream.write(json.dumps(verdicts))

        def judged(what: str, mode: str, tree: dict[str, bytes]) -> str | None:
            lost = out / "lost"
            shutil.rmtree(lost, ignore_errors=True)
            for name, content in tree.items():
                file = lost / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            try:
                newest = int(newest_valid(lost / "checkpoints")[0].name[5:])
            except Exception as error:
                return f"{mode}, after {what}: {error}"
            lines = (lost / "metrics.jsonl").read_text().splitlines()
            steps = [json.loads(line)["step"] for line in lines if line.endswith("}")]
            wanted = list(range(4, newest + 1, 4))
            if newest < saved[-1] or [s for s in steps if s <= newest] != wanted:
                return f"{mode}, after {what}: step {newest} of {saved[-1]}, lines {steps}"
            return None

        run_directory.create = created

    ended = bench.run(out, before=before).wait()
    if ended.code:
        yield f"the run ended with {ended.code}: {last_line(ended.said)}"
    yield from json.loads(report.read_text())


SIGNALS = (
    (signal.SIGINT, None, 130, "interrupted"),
    (signal.SIGTERM, None, 143, "terminated"),
    (signal.SIGINT, signal.SIGINT, 130, "interrupted"),
    (signal.SIGTERM, signal.SIGTERM, 143, "terminated"),
    (signal.SIGINT, signal.SIGTERM, 143, "terminated"),
    (signal.SIGUSR1, signal.SIGTERM, 143, "terminated"),
)


def signals(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R4: SIGINT, SIGTERM, two of them, and Slurm's SIGUSR1 then SIGTERM, within random steps."""
    for n in range(count):
        first, second, code, status = SIGNALS[n % len(SIGNALS)]
        step = rng.randrange(1, STEPS - 2)
        out = bench.case()
        before = _signalled(step, first, second, n % 4 == 3)
        ended = bench.run(out, before=before).wait()
        run = run_of(out)
        wrong = _wrong_end(run, ended.code, code, status)
        if not wrong and _resumable(out):
            wrong = bench.identical(run)
        named = f"{first.name} {second.name if second else ''} at {step}"
        yield f"{named}: {wrong}; {last_line(ended.said)}" if wrong else None


def _signalled(step: int, first: int, second: int | None, late: bool):
    def before() -> None:
        from secantfw.training import loop, signals

        signals._SAME_REQUEST_SECONDS = -1.0  # the second one is meant
        original = loop.Update.__call__

        def update(self, now, loss):
            if now == step and not late:
                os.kill(os.getpid(), first)
            done = original(self, now, loss)
            if now == step and late:
                os.kill(os.getpid(), first)
            if second is not None and now == step + (first == signal.SIGUSR1):
                os.kill(os.getpid(), second)
            return done

        loop.Update.__call__ = update

    return before


def _wrong_end(run: Path, code: int, expected: int, status: str) -> str | None:
    from secantfw.training.checkpoint_folder import damage, steps_in

    outcome = outcome_of(run)
    if code != expected or outcome is None or outcome["status"] != status:
        return f"exit {code}, outcome {outcome}"
    found = steps_in(run / "checkpoints")
    if any(damage(f) for f in found):
        return "a damaged checkpoint"
    at_once = "at once" in str(outcome["message"])
    if not at_once and (not found or int(found[-1].name[5:]) != outcome["step"]):
        return f"outcome says step {outcome['step']}, the newest checkpoint is {found[-1:]}"
    return None


def damages(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R5: the newest checkpoint truncated, flipped, with files gone, swapped or stale."""
    from secantfw.training.checkpoint_folder import damage, newest_valid, steps_in

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
            from secantfw.training import run

            run.disk_line = lambda *_: ""

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
        if not _resumable(out):
            return None
        subprocess.run(["mount", "-o", "remount,size=16m", str(out)], check=True)
        return bench.identical(run_of(out))
    finally:
        _unmount(out)


def _with_failing_writes(bench: Bench, at: int, act) -> str | None:
    """From moment `at` on three operations fail."""
    out = bench.case()

    def before() -> None:
        counter = Counter(-1, die)
        failing = range(at, at + 3)

        def hook(name: str, path: str, when: str) -> None:
            counter(name, path, when)
            removes = name in ("unlink", "rmdir")  # which a full disk does not forbid
            if when != "after" and len(counter.names) - 1 in failing and not removes:
                act()

        wrap(hook, out)

    ended = bench.run(out, before=before).wait()
    wrong = _after_no_room(bench, out, ended.code, ended.said)
    if wrong:
        return f"{act.__name__} at moment {at}: {wrong}"
    return bench.identical(run_of(out)) if _resumable(out) else None


def _after_no_room(bench: Bench, out: Path, code: int, said: str) -> str | None:
    from secantfw.training.checkpoint_folder import damage, steps_in

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
