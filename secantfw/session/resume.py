"""Continue a run where a checkpoint left it: the same experiment, or one with allowed changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from secantfw.discovery.records import Plugins
from secantfw.errors import UserError
from secantfw.experiment.load import load, resolved_toml
from secantfw.forecast.plan import Plan
from secantfw.parallel.group import ALONE, Group
from secantfw.runtime import run_directory
from secantfw.runtime.checkpoint_folder import MANIFEST, damage, newest_valid, set_aside, step_of
from secantfw.runtime.event_log import EventLog
from secantfw.runtime.files import write_text
from secantfw.runtime.lock import RunLock
from secantfw.runtime.regular_file import is_regular
from secantfw.runtime.run_folder import RunFolder
from secantfw.session.new_run import planned
from secantfw.training.checkpoint import TrainState, read_state, restore
from secantfw.training.job import Job, prepare
from secantfw.training.provenance import (
    Change,
    Provenance,
    changes,
    check_allowed,
    forbidden,
    input_changes,
    moves,
)


@attrs.frozen
class Resumption:
    """What was asked for: a run directory or one of its checkpoints, and what may differ."""

    place: Path
    overrides: Sequence[str] = ()
    allowed: Sequence[str] = ()  # keys or tables that may have changed
    force: bool = False  # even where memory is too small


def resumed_run(
    asked: Resumption, plugins: Plugins, note: Callable[[str], None], group: Group = ALONE
) -> tuple[Job, Plan]:
    """The run at its newest valid checkpoint, or at the one that was named.

    Newer checkpoints are set aside. Nothing is changed before all is known to fit.

    Raises:
        UserError: no run, a finished one, no valid checkpoint, an experiment that changed,
            or too little memory.
    """
    lock = None
    with group.together():
        directory, named = _located(asked.place)
        if group.is_main:
            lock = RunLock(directory)
        loaded = load(directory / "resolved.toml", asked.overrides, plugins)
        found, complaints = _chosen(directory, named)
        state = read_state(found)
    group.check_equal("checkpoint", str(found))
    run = prepare(loaded, plugins, group=group)
    with group.together():
        changed = _changed(state, run.provenance)
        known = run.provenance
        check_allowed(asked.allowed, [*state.experiment, *known.experiment, *known.inputs])
        _check(directory, found, changed, asked.allowed)
        again = named is not None and state.step < loaded.experiment.train.steps
        if not (changed or again) and _finished(directory):
            raise UserError(f"{directory}: this run has finished; evaluate it, or start a new one")
    versions = changes(state.versions, run.provenance.versions)
    moved = moves(state.inputs, run.provenance.inputs)
    for line in (*complaints, *map(str, versions)):
        note(f"secantfw: warning: {line}")
    for move in moved:
        note(f"{move}: the same content")
    plan = planned(run, directory, force=asked.force)
    with group.together():
        run.state, run.checkpoint = restore(found, run.built.student, run.update), found
    _restore_time_sampler(run, changed, note)
    run.directory, run.lock = directory, lock
    if group.is_main:
        _go_on(run, found, [*changed, *moved], versions, note)
    return run, plan


def _go_on(
    run: Job,
    found: Path,
    changed: Sequence[Change],
    versions: Sequence[Change],
    note: Callable[[str], None],
) -> None:
    """Make the run directory that of a run at `found`."""
    directory = run.directory
    for old, new in set_aside(directory / "checkpoints", found):
        note(f"{old} is set aside as {new}; continuing from {found.name}")
    if changed:
        _rewrite(directory, found, resolved_toml(run.loaded, origins=True))
    events = EventLog(directory)
    step = step_of(found)
    events.add("resumed", step, changed=_said(changed), versions=_said(versions))
    (directory / "outcome.json").unlink(missing_ok=True)


def _located(place: Path) -> tuple[Path, Path | None]:
    """The run directory, and the checkpoint if one was named."""
    if is_regular(place / MANIFEST) and is_regular(place.parent.parent / "resolved.toml"):
        return run_directory.open_run(place.parent.parent), place.resolve()
    return run_directory.open_run(place), None


def _chosen(directory: Path, named: Path | None) -> tuple[Path, Sequence[str]]:
    """The checkpoint to go on from; one that was named is never replaced by another."""
    if named is None:
        found, complaints = newest_valid(directory / "checkpoints")
        return found, [f"{c}; using {found.name}" for c in complaints]
    wrong = damage(named)
    if wrong is not None:
        raise UserError(wrong)
    return named, ()


def _changed(state: TrainState, now: Provenance) -> list[Change]:
    """What is not as it was when the checkpoint was saved, where the files are aside."""
    values = changes(state.experiment, now.experiment)
    other_items = any(change.key.startswith("dataset.") for change in values)
    return [*values, *input_changes(state.inputs, now.inputs, other_items=other_items)]


def _check(
    directory: Path, found: Path, changed: Sequence[Change], allowed: Sequence[str]
) -> None:
    """Refuse an experiment that is not the checkpoint's, with the differences."""
    wrong = forbidden(changed, allowed)
    if wrong:
        raise UserError(
            f"{directory}: the experiment is not that of {found.name}: "
            f"{'; '.join(map(str, wrong))}; allow it with "
            + " ".join(f"--allow-change {change.key}" for change in wrong)
        )


def _restore_time_sampler(
    run: Job, changed: Sequence[Change], note: Callable[[str], None]
) -> None:
    """Its state, if it still is the same component; another one starts afresh."""
    assert run.state is not None
    if not any(change.key == "time_sampler.use" for change in changed):
        run.built.time_sampler.load_state_dict(run.state.time_sampler)
    elif run.state.time_sampler:
        note("secantfw: warning: time_sampler.use changed: the state of the old one is dropped")


def _rewrite(directory: Path, found: Path, resolved: str) -> None:
    """resolved.toml is what runs from here on; what ran until here stays beside it."""
    kept = directory / "experiment" / f"resolved-until-{found.name}.toml"
    if not kept.exists():
        write_text(kept, RunFolder(directory).text("resolved.toml"))
    write_text(directory / "resolved.toml", resolved)


def _said(changed: Sequence[Change]) -> list[str]:
    return [str(change) for change in changed]


def _finished(directory: Path) -> bool:
    """Whether the run's last file says so; one that cannot be read says nothing."""
    outcome = RunFolder(directory).json_or_none("outcome.json")
    return outcome is not None and outcome.get("status") == "finished"
