"""The fingerprint of a teacher: SHA-256 of all that decides its trajectories."""

from __future__ import annotations

import hashlib
from typing import Any

import attrs

from secantfw.assembly.build import Built
from secantfw.baselines.records import TeacherIdentity
from secantfw.experiment.experiment import Chosen
from secantfw.options import option_info
from secantfw.sampling.solver_text import changed_options


def teacher_fingerprint(built: Built) -> TeacherIdentity:
    """Of the experiment's teacher.

    Hashed are its component and options (no files, and nothing that says how rather than what is
    computed), the names, shapes and float32 bytes of its weights, path, and kind of data. Guidance
    is no part of it.
    """
    teacher, e = built.teacher, built.experiment
    assert teacher is not None
    assert e.teacher is not None
    spec = built.dataset.spec
    digest = hashlib.sha256()
    for said in (
        *(_text(chosen) for chosen in (e.teacher, e.path)),
        f"{e.dataset.full_name} {spec.shape} {spec.num_classes}",
    ):
        digest.update(f"{said}\n".encode())
    for name, tensor in sorted((teacher.weights() or {}).items()):
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return TeacherIdentity(digest.hexdigest(), e.teacher.full_name, teacher.num_parameters())


def _text(chosen: Chosen) -> str:
    infos = {f.name: option_info(f) for f in attrs.fields(type(chosen.options))}
    matter: dict[str, Any] = {
        name: value
        for name, value in changed_options(chosen.options).items()
        if not (infos[name].is_path or infos[name].same_result)
    }
    return f"{chosen.full_name} {sorted(matter.items())}"
