"""The baselines of an experiment's teacher, wherever `evaluate.baselines` looks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from secantfw.assembly.build import Built
from secantfw.baselines.file import read_baselines, read_teacher
from secantfw.baselines.fingerprint import teacher_fingerprint
from secantfw.baselines.records import Baselines, TeacherIdentity
from secantfw.errors import UserError
from secantfw.experiment.baseline_files import DIGITS


def find_baselines(built: Built, note: Callable[[str], None]) -> Baselines | None:
    """Those of the teacher, if there are any; weights are hashed only where a file may fit.

    A shipped file that cannot be read is noted: it is no fault of who evaluates.

    Raises:
        UserError: the file that the experiment names, or that of ./baselines, is none or is of
            another teacher.
    """
    files = built.experiment.evaluate.baselines
    if built.teacher is None or files.registry is None:
        return None
    if files.named is not None:
        _check(files.named, read_teacher(files.named), teacher_fingerprint(built))
        return read_baselines(files.named, files.registry)
    own = [file for file in files.own if len(file.stem) == DIGITS]
    shipped = [file for file in files.shipped if _may_fit(file, built, note)]
    if not own and not shipped:
        return None
    teacher = teacher_fingerprint(built)
    for file in own:
        if file.stem == teacher.short:
            _check(file, read_teacher(file), teacher)
            return read_baselines(file, files.registry)
    fitting = (file for file in shipped if read_teacher(file).fingerprint == teacher.fingerprint)
    return next((read_baselines(file, files.registry) for file in fitting), None)


def check_baselines(built: Built) -> None:
    """Before a run spends anything: the file that its evaluation will read can be read, and is of
    its teacher. On the meta device weights are not there to be hashed.

    Raises:
        UserError: as `find_baselines`.
    """
    files = built.experiment.evaluate.baselines
    if built.device.type != "meta":
        find_baselines(built, lambda _: None)
    elif files.named is not None and files.registry is not None:
        read_baselines(files.named, files.registry)


def _check(file: Path, found: TeacherIdentity, teacher: TeacherIdentity) -> None:
    if found.fingerprint != teacher.fingerprint:
        raise UserError(
            f"{file}: baselines of another teacher ({found.component}, fingerprint "
            f"{found.short}); this experiment's is {teacher.component}, {teacher.short}"
        )


def _may_fit(file: Path, built: Built, note: Callable[[str], None]) -> bool:
    assert built.teacher is not None
    assert built.experiment.teacher is not None
    try:
        found = read_teacher(file)
    except UserError as error:
        note(f"secantfw: warning: {error}")
        return False
    mine = (built.experiment.teacher.full_name, built.teacher.num_parameters())
    return (found.component, found.parameters) == mine
