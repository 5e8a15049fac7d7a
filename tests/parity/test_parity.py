"""The official results, case by case. The table says which function compares which cases.

A file's kind is told by what its sidecar holds; a row's kind and case are patterns. A case that
no row knows is a failure; a case that the project does not reproduce yet stands in PENDING, is
skipped, and counts as skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from . import case_losses, case_paths, case_sampling, case_secant, case_sit, case_times
from .comparison import Case
from .golden import Golden

Handler = Callable[[Case], None]

HANDLERS: tuple[tuple[str, str, Handler], ...] = (
    ("sit", r"velocity", case_sit.velocity),
    ("sit", r"forward_with_cfg_.*", case_sit.forward_with_cfg),
    ("sit", r"timestep_embedding", case_sit.timestep_embedding),
    ("sit", r"y_embed_force_drop", case_sit.y_embed_force_drop),
    ("sit", r"pos_embed_official_init", case_sit.pos_embed_official_init),
    ("sit", r"ode_(euler_\d+|heun2|euler_GVP)", case_sampling.ode),
    ("sit losses", r".*_velocity_None", case_losses.tangent),
    ("paths", r"Linear|GVP|VP", case_paths.path),
    ("secant.*", r"f|f_cfg|f_tt", case_secant.secant),
    ("secant.*", r"teacher_v", case_secant.teacher_velocity),
    ("secant.*", r"forward_with_cfg_.*", case_secant.forward_with_cfg),
    ("secant.*", r"teacher_forward_with_cfg_.*", case_secant.teacher_forward_with_cfg),
    ("secant.*", r"fewstep_.*", case_sampling.few_steps),
    ("secant.*", r"(sdei|stei|sdee)_teacher_.*|stee_.*", case_losses.picard),
    ("secant", r"stei_self_.*", case_losses.picard),
    ("secant.*", r"times_(stei|sdee|stee)_.*", case_times.continuous),
    ("conversion", r"converted", case_secant.converted),
    ("conversion", r"f_ts|f_tt|teacher_v|sit_v", case_secant.after_conversion),
)

PENDING: tuple[tuple[str, str, str], ...] = (
    ("sit", r"ode_dopri5.*", "adaptive ODE solvers"),
    ("sit", r"ode_euler_(cfg|noise_pred)", "SiT's guidance of three channels; noise prediction"),
    ("sit", r"sde_.*", "samples by SDE solvers"),
    ("sit losses", r".*", "noise and score prediction, loss weights"),
    ("paths", r"check_interval", "time ranges by prediction"),
    ("secant, guidance embedded", r"stei_self_.*", "STEI's own tangent under guidance"),
    ("secant.*", r"times_sdei_.*", "the released grid of SDEI"),
    ("edm", r".*", "EDM"),
)


#: Results inside a case that is compared otherwise.
PENDING_RESULTS: tuple[tuple[str, str, str], ...] = (
    ("secant.*", r"out/sdei[^/]+/(t|s|r)|out/[^/]+/(cfg|dropped_y)", "SDEI's grid, scales, drops"),
    ("paths", r"out/[^/]+/(diffusion|drift|noise|ode|score|velocity)_.*", "conversions"),
)


def pending(kind: str, name: str) -> bool:
    return any(
        re.fullmatch(k, kind) and re.fullmatch(pattern, name) for k, pattern, _ in PENDING_RESULTS
    )


def kind_of(golden: Golden) -> str:
    """What a file is about, by the keys of its sidecar."""
    said = golden.sidecar
    if "ctor" not in said:
        return "paths" if "t" in said else "edm"
    if "new_keys" in said:
        return "conversion"
    if "fewstep" in said:
        return "secant" if said["ctor"]["online_cfg"] is None else "secant, guidance embedded"
    if "ode" in said:
        return "sit"
    sit = "hidden_size" in said["ctor"] and "cases" in said
    return "sit losses" if sit and "augment" not in said else "edm"


def test_case_equals_the_official_result(golden, case_name, account):
    account.files.add(golden.stem)
    account.total += len(golden.cases()[case_name])
    kind = kind_of(golden)
    for row_kind, pattern, handler in HANDLERS:
        if re.fullmatch(row_kind, kind) and re.fullmatch(pattern, case_name):
            case = Case(golden, case_name, account)
            handler(case)
            return case.finish(lambda name: pending(kind, name))
    for row_kind, pattern, what in PENDING:
        if re.fullmatch(row_kind, kind) and re.fullmatch(pattern, case_name):
            pytest.skip(f"not reproduced yet: {what}")
    pytest.fail(f"{golden.stem}: unknown case {case_name!r} of a file about {kind}")
