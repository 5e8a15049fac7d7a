"""A file system wrapped in the test's process: counts operations, kills or fails at one of them,
records what a power loss would leave. The product knows nothing of it.

Operations are what a save consists of: writing a safetensors file, writing to a text file, fsync,
mkdir, rename, unlink and rmdir.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import safetensors.torch

#: Called around each operation with its name, path and "before", "within" or "after".
Hook = Callable[[str, str, str], None]


def wrap(hook: Hook, root: Path) -> None:
    """Report the operations below `root` to `hook`; in a fork, whose end undoes it."""

    def below(path: object) -> bool:
        return isinstance(path, (str, os.PathLike)) and str(path).startswith(str(root))

    def reported(module: object, name: str, path_at: int = 0) -> None:
        original = getattr(module, name)

        def call(*given, **named):
            path = given[path_at]
            if isinstance(path, int):
                path = os.readlink(f"/proc/self/fd/{path}")
            if not below(path):
                return original(*given, **named)
            hook(name, str(path), "before")
            said = original(*given, **named)
            hook(name, str(path), "after")
            return said

        setattr(module, name, call)

    for name in ("fsync", "mkdir", "rename", "replace", "unlink", "rmdir"):
        reported(os, name)
    _wrap_open(hook, below)
    _wrap_save_file(hook, below)


def _wrap_open(hook: Hook, below: Callable[[object], bool]) -> None:
    """Streams opened for writing report their writes, "within" when half is written."""
    original = io.open

    def opened(file, mode="r", *rest, **named):
        stream = original(file, mode, *rest, **named)
        if not below(file) or not set(mode) & set("wax"):
            return stream
        write = stream.write

        def reported(content):
            hook("write", str(file), "before")
            write(content[: len(content) // 2])
            stream.flush()
            hook("write", str(file), "within")
            write(content[len(content) // 2 :])
            stream.flush()
            hook("write", str(file), "after")
            return len(content)

        with contextlib.suppress(AttributeError):  # a binary stream in C takes no attributes
            stream.write = reported
        return stream

    io.open = opened


def _wrap_save_file(hook: Hook, below: Callable[[object], bool]) -> None:
    original = safetensors.torch.save_file

    def save_file(tensors, file, metadata=None):
        if not below(file):
            return original(tensors, file, metadata=metadata)
        hook("save_file", str(file), "before")
        original(tensors, file, metadata=metadata)
        content = Path(file).read_bytes()
        with open(file, "wb") as stream:
            stream.write(content[: len(content) // 2])
            stream.flush()
            hook("save_file", str(file), "within")
            stream.write(content[len(content) // 2 :])
        hook("save_file", str(file), "after")
        return None

    safetensors.torch.save_file = save_file


class Counter:
    """Counts moments; `act` is called at the chosen one. Write their names with `names_to`."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.at, self.act = at, act
        self.names: list[str] = []

    def __call__(self, name: str, path: str, when: str) -> None:
        self.names.append(f"{when} {name} {os.path.basename(path)}")
        if len(self.names) - 1 == self.at:
            self.act()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def denied() -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


class PowerLoss:
    """What would be on the disk if the power went, after each operation below `root`.

    A file keeps what it had when it was last fsynced. Names are kept in two ways, since file
    systems differ: `lazy` has those of each folder's last fsync, `eager` those of this moment.
    """

    def __init__(self, root: Path, look: Callable[[str, str, dict[str, bytes]], None]) -> None:
        self.root, self.look = root, look
        self._content: dict[int, bytes] = {}
        self._names: dict[int, dict[str, tuple[int, bool]]] = {}

    def __call__(self, name: str, path: str, when: str) -> None:
        if when != "after":
            return
        if name == "fsync":
            self._keep(Path(path))
        what = f"{name} {os.path.basename(path)}"
        self.look(what, "eager", self._tree(self.root, self._now))
        self.look(what, "lazy", self._tree(self.root, self._kept))

    def _keep(self, path: Path) -> None:
        number = path.stat().st_ino
        if path.is_dir():
            self._names[number] = {n: (i, d) for n, i, d in self._now_of(path)}
        else:
            self._content[number] = path.read_bytes()

    @staticmethod
    def _now_of(folder: Path) -> list[tuple[str, int, bool]]:
        return [(e.name, e.inode(), e.is_dir()) for e in os.scandir(folder)]

    def _now(self, number: int, folder: Path | None) -> dict[str, tuple[int, bool]]:
        if folder is None or not folder.is_dir():
            return {}
        return {n: (i, d) for n, i, d in self._now_of(folder)}

    def _kept(self, number: int, _folder: Path | None) -> dict[str, tuple[int, bool]]:
        return self._names.get(number, {})

    def _tree(self, folder: Path, names_of) -> dict[str, bytes]:
        """The files below `folder` by relative path."""
        return dict(self._walk(folder.stat().st_ino, folder, "", names_of))

    def _walk(self, number: int, folder: Path | None, prefix: str, names_of):
        for name, (inode, is_folder) in names_of(number, folder).items():
            inner = None if folder is None else folder / name
            if is_folder:
                yield from self._walk(inode, inner, f"{prefix}{name}/", names_of)
            else:
                yield f"{prefix}{name}", self._content.get(inode, b"")
