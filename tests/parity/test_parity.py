"""The official results, file by file and case by case; `dispatch` says what compares which."""

from __future__ import annotations

import re

import pytest

from .comparison import Case
from .dispatch import comparison_of, kind_of

#: What the project does not reproduce yet: it is skipped, and counts as skipped.
PENDING: tuple[tuple[str, str, str], ...] = (
    ("sit", r"ode_dopri5.*", "adaptive ODE solvers"),
    ("sit", r"ode_euler_(cfg|noise_pred)", "SiT's guidance of three channels; noise prediction"),
    ("sit", r"sde_.*", "samples by SDE solvers"),
    ("sit losses", r".*", "noise and score prediction, loss weights"),
    ("paths", r"check_interval", "time ranges by prediction"),
    ("secant, guidance embedded", r"stei_self_.*", "STEI's own tangent under guidance"),
    ("secant.*", r"times_sdei_.*", "the released grid of SDEI"),
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


def test_case_equals_the_official_result(golden, case_name, account):
    account.files.add(golden.stem)
    account.total += len(golden.cases()[case_name])
    kind = kind_of(golden)
    compare = comparison_of(kind, case_name)
    if compare is not None:
        case = Case(golden, case_name, account)
        compare(case)
        return case.finish(lambda name: pending(kind, name))
    for row_kind, pattern, what in PENDING:
        if re.fullmatch(row_kind, kind) and re.fullmatch(pattern, case_name):
            pytest.skip(f"not reproduced yet: {what}")
    pytest.fail(f"{golden.stem}: unknown case {case_name!r} of a file about {kind}")


def test_the_file_is_what_its_sidecar_says(golden):
    """Names, shapes and types of all tensors; every name has a meaning in the format."""
    listed = {
        name: (tuple(said["shape"]), said["dtype"])
        for name, said in golden.sidecar.get("tensors", {}).items()
    }
    held = {
        name: (tuple(value.shape), str(value.dtype).removeprefix("torch."))
        for name, value in golden.tensors.items()
    }
    assert held == listed
    unknown = [name for name in held if not name.startswith(golden.FOLDERS)]
    assert not unknown, f"{golden.stem}: names of no meaning: {unknown}"
