"""A student that starts from a weights file of its own, whatever its teacher is."""

from __future__ import annotations

from pathlib import Path

from secantfw.errors import UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.weights import WeightsFile


def load_own(student: Backbone, file: WeightsFile) -> str:
    """Load two-time weights as they are, one-time weights of v by `load_tangent`; says which.

    Two-time weights are those under the names of the student's `state_dict`: a run's export, or a
    converted student of the secant release. No teacher need be what the file's v is, so nothing
    is compared.

    Raises:
        UserError: weights that are neither of this student.
    """
    tensors, name = file.read(), Path(file.header.file).name
    if tensors.keys() != student.state_dict().keys():
        student.load_tangent(tensors)
        return f"one-time weights of {name}"
    try:
        student.load_state_dict(dict(tensors))
    except RuntimeError as error:
        said = str(error).splitlines()[-1].strip()
        raise UserError(f"{file.header.file}: {said}") from error
    return f"two-time weights of {name}"
