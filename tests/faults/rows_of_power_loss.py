"""R3: after every operation, all that was not fsynced is gone.

Each row gives a verdict a fault: None where it was handled as specified, else what went wrong.
"""

from __future__ import annotations

import json
import random
import shutil

from mutant import mutant, nothing
from small_run import Bench, last_line
from strangers import Verdicts
from wrapped_files import PowerLoss, wrap


def power_loss(bench: Bench, rng: random.Random, count: int) -> Verdicts:
    """R3: after every operation, all that was not fsynced is gone."""
    out = bench.case()
    report = out / "verdicts.json"

    def before() -> None:
        from secantfw.runtime import run_directory
        from secantfw.runtime.checkpoint_folder import newest_valid
        from secantfw.training import checkpoint

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


@mutant("training.checkpoint:sync", "R3")
def files_of_a_checkpoint_are_not_flushed(sync):
    return _of_folders_alone(sync)


@mutant("training.checkpoint:sync", "R3")
def the_name_of_a_checkpoint_is_not_flushed(sync):
    return _of_files_alone(sync)


@mutant("runtime.writing:sync", "R3")
def files_that_are_replaced_are_not_flushed(sync):
    return _of_folders_alone(sync)


@mutant("runtime.writing:sync", "R3")
def the_names_of_replaced_files_are_not_flushed(sync):
    return _of_files_alone(sync)


@mutant("runtime.metrics_log:MetricsLog.sync", "R3")
def a_log_is_not_flushed(sync):
    return nothing


def _of_folders_alone(sync):
    return lambda path: sync(path) if path.is_dir() else None


def _of_files_alone(sync):
    return lambda path: None if path.is_dir() else sync(path)
