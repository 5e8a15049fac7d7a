"""A student that starts from a weights file of its own, whatever its teacher is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from secantfw.errors import UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.records import WeightsHeader
from secantfw.weights.safetensors import WeightsFile, read_shapes


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
    _check_shapes(student, {key: tuple(t.shape) for key, t in tensors.items()}, file.header)
    student.load_state_dict(dict(tensors))
    return f"two-time weights of {name}"


def check_own(student: Backbone, header: WeightsHeader) -> None:
    """What `load_own` would refuse of a safetensors file of two-time weights, by its shapes alone.

    Raises:
        UserError: weights of another size.
    """
    if Path(header.file).suffix == ".safetensors":
        shapes = read_shapes(header.file)
        if shapes.keys() == student.state_dict().keys():
            _check_shapes(student, shapes, header)


def _check_shapes(
    student: Backbone, shapes: Mapping[str, tuple[int, ...]], header: WeightsHeader
) -> None:
    own = student.state_dict()
    wrong = [key for key, shape in shapes.items() if shape != tuple(own[key].shape)]
    if not wrong:
        return
    key, mine = wrong[0], student.network_options()
    other = [f"{k} = {v!r}" for k, v in header.options.items() if mine.get(k) != v]
    mend = f"set {', '.join(other)} in [backbone]" if other else "name the file of this network"
    raise UserError(
        f"{header.file}: {key} is {shapes[key]} there and {tuple(own[key].shape)} in [backbone], "
        f"and {len(wrong) - 1} more differ; {mend}"
    )
