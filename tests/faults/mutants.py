"""R19: seeded bugs in the code that must not have any; each must be caught by small rows.

    python tests/faults/mutants.py

A mutant is a line of the source changed in a fork that imports secantfw anew, torch kept.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.abc
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).parents[1]))

import attrs
import torch as torch
from fork_server import forked
from small_run import scratch

ROOT = Path(__file__).parents[2] / "secantfw"


@attrs.frozen
class Mutant:
    """`before` stands in secantfw/`file` and becomes `after`; `rows` must see it."""

    file: str
    before: str
    after: str
    rows: tuple[str, ...]


MUTANTS = (
    # checkpoints
    Mutant("training/checkpoint.py", "        sync(file)\n", "        pass\n", ("R3",)),
    Mutant("runtime/writing.py", "    sync(file.parent)\n", "", ("R3",)),
    Mutant("training/checkpoint.py", "        sync(final.parent)\n", "", ("R3",)),
    Mutant(
        "training/checkpoint.py",
        "        shutil.rmtree(temporary, ignore_errors=True)\n        raise",
        "        raise",
        ("R6",),
    ),
    Mutant(
        "training/checkpoint.py", 'f"{final.name}.tmp-{os.getpid()}"', "final.name", ("R2", "R6")
    ),
    Mutant(
        "training/checkpoint.py",
        "engine.weights(update.average.network)",
        "engine.weights(student)",
        ("R4",),
    ),
    Mutant(
        "training/checkpoint.py",
        'engine.load(checkpoint / "optimizer", update.state())',
        "pass",
        ("R4",),
    ),
    Mutant(
        "training/checkpoint.py",
        'networks = update.engine, {"student": student, "ema": update.average.network}',
        'networks = update.engine, {"student": student}',
        ("R4",),
    ),
    Mutant("training/observe.py", "0 if state is None else state.skipped_in_a_row", "0", ("R11",)),
    Mutant(
        "runtime/checkpoint_folder.py",
        "fingerprint(checkpoint, name) != files.get(name)",
        "False",
        ("R5",),
    ),
    Mutant(
        "runtime/checkpoint_folder.py", 'manifest.get("manifest_sha256") != ', "None is ", ("R5",)
    ),
    Mutant(
        "runtime/checkpoint_folder.py", 'None if manifest["step"] == step', "None if True", ("R5",)
    ),
    Mutant(
        "runtime/checkpoint_folder.py", "reversed(steps_in(folder))", "steps_in(folder)", ("R5",)
    ),
    Mutant("runtime/checkpoint_folder.py", "[:-keep_last]", "[-keep_last:]", ("R2",)),
    Mutant("runtime/writing.py", "        sync(temporary)\n", "", ("R3",)),
    Mutant("training/observe.py", "        self.log.sync()\n", "", ("R3",)),
    Mutant("runtime/metrics_log.py", "_step(line) <= resumed_at", "True", ("R4", "R1")),
    Mutant("training/observe.py", "[] if state is None else list(state.pending)", "[]", ("R4",)),
    # randomness
    Mutant("training/generators.py", '    torch.set_rng_state(state["torch"])\n', "", ("R4",)),
    Mutant("training/generators.py", "    random.setstate(", "    tuple(", ("R4",)),
    Mutant(
        "training/train_run.py",
        "checkpoint.restore_generators(run.checkpoint, e.seed, first, group)",
        "seed_global(e.seed)",
        ("R4",),
    ),
    Mutant(
        "session/resume.py",
        "    run.built.time_sampler.load_state_dict(run.state.time_sampler)\n",
        "",
        ("R4",),
    ),
    # EMA and non-finite numbers
    Mutant(
        "training/ema.py", "keep * (1.0 - self.decay(n))", "keep + (1.0 - self.decay(n))", ("R11",)
    ),
    Mutant("training/update.py", "1.0 - finite  # type", "0.0 * finite  # type", ("R11",)),
    # lock and signals
    Mutant(
        "runtime/lock.py", "fcntl.LOCK_SH if shared else fcntl.LOCK_EX", "fcntl.LOCK_SH", ("R12",)
    ),
    Mutant(
        "runtime/signals.py",
        "            self.save_requested = True",
        "            _end(number)",
        ("R4",),
    ),
    Mutant("training/loop.py", "            observer.save(step + 1)\n", "", ("R4",)),
)
#: In what comes after training, and what strangers bring.
AFTER = (
    Mutant("evaluation/kept_rows.py", "_OWN.fullmatch(entry.name)", "True", ("R22",)),
    Mutant(
        "evaluation/publish.py",
        "    return finished if is_folder(finished) and",
        "    return finished if False and",
        ("R25",),
    ),
    Mutant(
        "evaluation/publish.py",
        "(finished if is_folder(finished / PICTURES)",
        "(finished if False",
        ("R25",),
    ),
    Mutant(
        "runtime/terminal.py",
        "            except OSError as error:\n                self._lose(error)\n",
        "            except OSError:\n                raise\n",
        ("R23",),
    ),
    Mutant("runtime/terminal.py", "            os.dup2(nowhere, self.fileno())\n", "", ("R23",)),
    Mutant("cli/main.py", "    if answers.lost is None:\n", "    if True:\n", ("R23",)),
    Mutant(
        "runtime/terminal.py",
        "    if said.isprintable():\n        return said\n",
        "    return said\n",
        ("R28",),
    ),
    Mutant("comparison/write.py", "if text[:1] in _FORMULA", "if False", ("R28",)),
    Mutant("discovery/local.py", "    if brought_by is not None:\n", "    if False:\n", ("R27",)),
    Mutant(
        "assembly/header_options.py",
        "            if wrong:\n",
        "            if False:\n",
        ("R29",),
    ),
    Mutant(
        "runtime/writing.py",
        "            temporary.unlink(missing_ok=True)\n",
        "            pass\n",
        ("R26",),
    ),
    Mutant(
        "reporting/run_files.py",
        "        if value is not None and not (",
        "        if False and not (",
        ("R24",),
    ),
)
EVERY = MUTANTS + AFTER
#: For a mutant; longer than a busy machine takes to make the straight run and a few faults.
_MOST_SECONDS = 1800.0
COUNTS = {
    "R1": 4,
    "R2": 6,
    "R3": 1,
    "R4": 6,
    "R5": 224,
    "R6": 6,
    "R11": 4,
    "R12": 12,
    "R22": 12,
    "R23": 30,
    "R24": 40,
    "R25": 16,
    "R26": 12,
    "R27": 9,
    "R28": 13,
    "R29": 11,
}


class Mutated(importlib.abc.SourceLoader):
    """Loads one file with another text."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.text = file, text

    def get_filename(self, fullname: str) -> str:
        return str(self.file)

    def get_data(self, path: str) -> bytes:
        return self.text.encode()


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, loader: Mutated) -> None:
        self.name, self.loader = name, loader

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None):
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self.loader)


def caught(mutant: Mutant) -> int:
    """0 if a row misses something or breaks under the mutant: it is caught; 7 if none does."""
    file = ROOT / mutant.file
    text = file.read_text()
    assert text.count(mutant.before) >= 1, f"{mutant.file}: no {mutant.before!r}"
    loader = Mutated(file, text.replace(mutant.before, mutant.after))
    sys.meta_path.insert(0, Finder(f"secantfw.{file.parent.name}.{file.stem}", loader))
    with contextlib.redirect_stderr(open(os.devnull, "w")):
        from rows import ROWS, measure
        from small_run import bench

        with bench() as made:
            for row in ROWS:
                if row.name in mutant.rows and measure(row, made, 0, COUNTS[row.name]).misses:
                    return 0
    return 7


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=1, help="number of the first (1)")
    parser.add_argument("--last", type=int, default=len(EVERY), help="number of the last")
    given = parser.parse_args()
    chosen = EVERY[given.first - 1 : given.last]
    began, survivors = time.perf_counter(), []
    with scratch() as folder:
        for number, mutant in enumerate(chosen, given.first):
            ended = forked(lambda m=mutant: caught(m), folder / "log.txt", _MOST_SECONDS)
            alive = ended.code == 7 or ended.code < 0  # killed for its time: nothing was shown
            survivors += [mutant] if alive else []
            how = "SURVIVES" if alive else "caught"
            what = " ".join(mutant.before.split())[:60]
            print(f"{number:>3} {how:<9} {mutant.file:<22} {what}", flush=True)
            if ended.code not in (0, 7) and not alive:
                print(f"    (by breaking: {ended.said.strip().splitlines()[-1:]})")
    done, seconds = len(chosen) - len(survivors), time.perf_counter() - began
    print(f"R19  {done} of {len(chosen)} mutants caught, {seconds:.0f} s")
    return 0 if done >= 0.96 * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
