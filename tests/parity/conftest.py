"""`pytest tests/parity [--golden DIR]`: one test per file and case that the sidecars name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .comparison import Account
from .golden import golden_files

HERE = Path(__file__).parent
DEFAULT = HERE.parent / "data" / "golden"
ACCOUNT = pytest.StashKey[Account]()


def pytest_addoption(parser):
    parser.addoption("--golden", metavar="DIR", help="folder of golden files with sidecars")


def pytest_generate_tests(metafunc):
    if "golden" not in metafunc.fixturenames:
        return
    # The option exists only where this folder was named on the command line.
    folder = Path(metafunc.config.getoption("--golden", None) or DEFAULT)
    files = golden_files(folder)
    assert files, f"{folder}: no golden files"
    if "case_name" not in metafunc.fixturenames:
        return metafunc.parametrize("golden", files, ids=[golden.stem for golden in files])
    pairs = [(golden, case) for golden in files for case in golden.cases()]
    ids = [f"{golden.stem}-{case}" for golden, case in pairs]
    metafunc.parametrize(("golden", "case_name"), pairs, ids=ids)


def pytest_configure(config):
    """Alone, the folder takes the files' bits of exp (see `tolerance`) before torch needs them."""
    named = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    if all(here == HERE or HERE in here.parents for here in named):
        os.environ.setdefault("MKL_CBWR", "COMPATIBLE")


@pytest.fixture
def account(request):
    return request.config.stash.setdefault(ACCOUNT, Account())


def pytest_unconfigure(config):
    account = config.stash.get(ACCOUNT, None)
    if account is not None:
        writer = config.get_terminal_writer()
        writer.line()
        for line in account.lines():
            writer.line(line)
