"""The baselines of an experiment's teacher, wherever `evaluate.baselines` looks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from secantfw.baselines.file import read_baselines, read_teacher
from secantfw.baselines.fingerprint import teacher_fingerprint
from secantfw.baselines.records import Baselines, TeacherIdentity
from secantfw.errors import UserError
from secantfw.experiment.baseline_files import DIGITS
from secantfw.training.build import Built


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
        check_named(built)
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


def check_named(built: Built) -> None:
    """Before a run spends anything: the file that the experiment names is of its teacher.

    Raises:
        UserError: it is not, or is no such file.
    """
    file = built.experiment.evaluate.baselines.named
    if file is None or built.teacher is None:
        return
    found = read_teacher(file)
    if built.device.type != "meta":
        _check(file, found, teacher_fingerprint(built))


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
