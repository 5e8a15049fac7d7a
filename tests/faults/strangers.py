"""Call what reads a stranger's file, and judge how it refuses: one line, in time, nothing run."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from secantfw.errors import SecantfwError

Verdicts = Iterator[str | None]

#: What no reading of a file may do, as Python's audit hooks call it.
_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "shutil.")


class Sentry:
    """While it is on guard, notes forbidden acts; hooks cannot be removed, so there is one."""

    def __init__(self) -> None:
        self.on, self.seen = False, list[str]()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, _arguments: object) -> None:
        if self.on and event.startswith(_FORBIDDEN):
            self.seen.append(event)

    def judge(self, call: Callable[[], object], seconds: float, named: str = "") -> str | None:
        """None if `call` returns or refuses in one line that holds `named`, within `seconds`."""
        self.seen.clear()
        began, self.on = time.process_time(), True
        try:
            call()
            said = None
        except SecantfwError as error:
            said = error.lines()
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]
        finally:
            self.on = False
        spent = time.process_time() - began
        if self.seen:
            return f"it did {self.seen}"
        if spent > seconds:
            return f"took {spent:.1f} s"
        if said is not None and not all(line and "\n" not in line for line in said):
            return f"not one line a problem: {said}"
        return (
            None if said is None or named in " ".join(said) else f"does not name {named}: {said}"
        )


SENTRY = Sentry()


def command(*words: object) -> tuple[int, str]:
    """A secantfw command in this process, its exit code and all it said."""
    from secantfw.cli.main import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main([str(w) for w in words])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except Exception:
            code = 1
            traceback.print_exc()
    return code, said.getvalue()


def refused(file: Path, write: Callable[[Path], object]) -> Path:
    """`file`, written anew."""
    if file.is_symlink() or file.is_file() or file.is_fifo():
        os.unlink(file)
    elif file.is_dir():
        os.rmdir(file)
    write(file)
    return file


def text(name: str, text: str | bytes) -> Callable[[Path], object]:
    content = text if isinstance(text, bytes) else text.encode()

    def write(file: Path) -> None:
        file.write_bytes(content)

    write.__name__ = name
    return write


def link(target: str) -> Callable[[Path], object]:
    def link(file: Path) -> None:
        file.symlink_to(file.parent / target)

    return link


def nothing(file: Path) -> None: ...


def must_refuse(read: Callable[[], object]) -> str | None:
    from secantfw.errors import UserError

    try:
        read()
    except UserError:
        return None
    return "was taken"
