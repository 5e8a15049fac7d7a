"""The engine that an experiment and its processes ask for."""

from __future__ import annotations

from secantfw.discovery.building import build, options_class, target_class
from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.experiment.experiment import Chosen, Experiment
from secantfw.parallel.engine import Engine, EngineSite
from secantfw.parallel.group import Group
from secantfw.parallel.pieces import Pieces


def engine_of(e: Experiment, group: Group) -> Engine:
    """One that is not prepared yet.

    Raises:
        ExperimentError: more processes than rows; what the engine says of its site.
        UserError: an engine that this machine cannot have.
    """
    total = e.train.batch_size
    if group.size > total:
        what = f"{total} rows for {group.size} processes; expected at least one for each"
        raise ExperimentError([Problem(what, key="train.batch_size")])
    pieces = Pieces(group.processes.rows(total), total, e.train.micro_batch_size)
    chosen = engine_chosen(e, group)
    return build(  # type: ignore[no-any-return]
        chosen.component, chosen.options, EngineSite(group, pieces)
    )


def engine_chosen(e: Experiment, group: Group) -> Chosen:
    """The experiment's; in a process that nobody launched beside others, one that works there.

    Raises:
        UserError: the experiment names none, and those that stand for it are not installed.
    """
    launched = group.processes.launched
    if e.engine is not None and (launched or target_class(e.engine.component).works_alone):
        return e.engine
    default = e.engines.beside if launched else e.engines.alone
    if default is None:
        raise UserError(
            "training needs an engine: load the plug-in 'parallel', or name another in [engine]"
        )
    return Chosen(default, options_class(default)())
