"""The engine that an experiment and its processes ask for."""

from __future__ import annotations

from secantfw.discovery.building import build
from secantfw.errors import ExperimentError, Problem
from secantfw.experiment.experiment import Experiment
from secantfw.parallel.engine import Engine, EngineSite
from secantfw.parallel.group import Group
from secantfw.parallel.pieces import Pieces
from secantfw.parallel.single import SingleEngine


def engine_of(e: Experiment, group: Group) -> Engine:
    """One that is not prepared yet; a process that nobody launched beside others is alone.

    Raises:
        ExperimentError: several processes for `strategy = "none"`, or more than there are rows.
        UserError: an engine of a plug-in that this machine cannot have.
    """
    strategy, total = e.parallel.strategy, e.train.batch_size
    if group.size > 1 and strategy == "none":
        what = f"'none', and there are {group.size} processes; expected 'ddp' or 'fsdp'"
        raise ExperimentError([Problem(what, key="parallel.strategy")])
    if group.size > total:
        what = f"{total} rows for {group.size} processes; expected at least one for each"
        raise ExperimentError([Problem(what, key="train.batch_size")])
    pieces = Pieces(group.processes.rows(total), total, e.train.micro_batch_size)
    site = EngineSite(group, pieces)
    if e.engine is not None:
        return build(e.engine.component, e.engine.options, site)  # type: ignore[no-any-return]
    if not group.processes.launched or strategy == "none":
        return SingleEngine(site)
    if strategy == "fsdp":
        return _fsdp(site, by_block=e.parallel.shard != "whole")
    from secantfw.parallel.ddp import DdpEngine

    return DdpEngine(site)


def _fsdp(site: EngineSite, by_block: bool) -> Engine:
    try:
        from secantfw.parallel.fsdp import FsdpEngine
        from secantfw.training import sharded  # noqa: F401 - what it saves with
    except ImportError as error:
        what = f"'fsdp' needs a newer torch ({error})"
        raise ExperimentError([Problem(what, key="parallel.strategy")]) from error
    return FsdpEngine(site, by_block)
