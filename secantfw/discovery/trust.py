"""Code that comes with a run: executed where this user ran it before, or has been asked.

What was run is kept in `$XDG_STATE_HOME/secantfw/trusted`, an empty file each: `code-SHA256` for a
content, `file-SHA256` for the path of a plug-in that is this user's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from pathlib import Path

from secantfw.errors import UserError, printable
from secantfw.runtime.terminal import warn, write_over

_RUN_HAS = "resolved.toml"
_HINT = "read it, and say --trust if it may run"


class NotTrusted(UserError):
    """Code that may not be executed: the one thing to be said of an experiment that names it."""


def run_around(file: Path) -> Path | None:
    """The run directory that `file` lies in, by its name or by what that leads to."""
    for place in (Path(os.path.abspath(file)), Path(os.path.realpath(file))):
        for folder in place.parents:
            if os.path.lexists(folder / _RUN_HAS):
                return folder
    return None


def check_trusted(file: Path, content: bytes, brought_by: Path, always: bool) -> None:
    """Ask whether `file`, which the run `brought_by` names, may be executed, unless that is known.

    Args:
        always: it may, without a question (`--trust`).

    Raises:
        NotTrusted: it may not, or there is nobody to ask.
    """
    if _is_known(file, content):
        return
    what = f"{printable(file)}: code of the run {printable(brought_by)}, not made here by you"
    if not always:
        if not _someone_is_there():
            raise NotTrusted(f"{what}; {_HINT}")
        if not _asked(f"{what} ({len(content):,} bytes). Run it? [y/N] "):
            raise NotTrusted(f"{what}; not run")
    _note(_code(content))


def trust_own(file: Path, content: bytes) -> None:
    """Remember a plug-in of a run that is made here: its content, and its file where that is no
    run's copy."""
    names = [_code(content)]
    if run_around(file) is None:
        names.append(_file(file))
    for name in names:
        _note(name)


def _is_known(file: Path, content: bytes) -> bool:
    known = [_code(content)]
    if run_around(file) is None:  # edited since: it still is what this user runs
        known.append(_file(file))
    store = _store()
    return store is not None and any(os.path.lexists(store / name) for name in known)


def _code(content: bytes) -> str:
    return f"code-{hashlib.sha256(content).hexdigest()}"


def _file(file: Path) -> str:
    return f"file-{hashlib.sha256(os.fsencode(os.path.realpath(file))).hexdigest()}"


def _store() -> Path | None:
    """The folder; None for a user without a home."""
    said = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(said):
        return Path(said) / "secantfw" / "trusted"
    try:
        return Path.home() / ".local" / "state" / "secantfw" / "trusted"
    except RuntimeError:
        return None


def _note(name: str) -> None:
    store = _store()
    if store is None:
        return
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(store / name, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        warn(f"{store}: cannot be written ({error.strerror}); later commands will ask again")


def _someone_is_there() -> bool:
    return all(
        stream is not None and not stream.closed and stream.isatty()
        for stream in (sys.stdin, sys.stderr)
    )


def _asked(question: str) -> bool:
    write_over(question)
    try:
        return sys.stdin.readline(100).strip().lower() in ("y", "yes")
    except OSError:  # a background process has no terminal to read from
        return False
