"""The official results, file by file and case by case; `dispatch` says what compares which."""

from __future__ import annotations

from .comparison import Case
from .dispatch import comparison_of, kind_of
from .tolerance import strict


def test_case_equals_the_official_result(golden, case_name, account):
    account.files.add(golden.stem)
    account.total += len(golden.cases()[case_name])
    kind = kind_of(golden)
    compare = comparison_of(kind, case_name)
    assert compare is not None, f"{golden.stem}: unknown case {case_name!r} of a file about {kind}"
    case = Case(golden, case_name, account)
    compare(case)
    case.finish()


def test_float64_results_agree_strictly_where_the_bits_are_the_files(golden, account):
    """After all cases: other bits of exp are an excuse only where they are other bits."""
    if not account.has_the_bits_of(golden.stem):
        return
    allowed = strict(golden)
    found = {name: d for name, d in account.float64[golden.stem].items() if d > allowed}
    assert not found, f"{golden.stem}: more than {allowed}: {found}"


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
