"""Memory: what a step keeps alive, counted on the meta device, and what a machine has left."""

from __future__ import annotations

import resource
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from secantfw.runtime import devices


class PeakBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """`with PeakBytes(kept) as alive`: `alive.peak`, the most bytes that operations held at once.

    Works on the meta device, where tensors have sizes and no memory. The storages of `kept`
    (parameters) do not count.
    """

    def __init__(self, kept: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.current = self.peak = 0
        self._seen: Any = WeakIdKeyDictionary()
        for tensor in kept:
            self._seen[tensor.untyped_storage()] = True

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self._note(leaf.untyped_storage())
        return out

    def _note(self, storage: torch.UntypedStorage) -> None:
        if storage in self._seen:
            return
        self._seen[storage] = True
        size = storage.nbytes()
        self.current += size
        self.peak = max(self.peak, self.current)
        weakref.finalize(storage, self._freed, size)

    def _freed(self, size: int) -> None:
        self.current -= size


def available_bytes(device: torch.device) -> int | None:
    """Memory that can still be had on `device`; None where nobody can say."""
    if device.type != "cpu":
        return devices.free_bytes(device)
    known = [size for size in (_available_here(), _left_in_group()) if size is not None]
    return min(known, default=None)


def _available_here(file: Path = Path("/proc/meminfo")) -> int | None:
    try:
        lines = file.read_text().splitlines()
        return next(int(s.split()[1]) * 1024 for s in lines if s.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _left_in_group(folder: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What a container's limit leaves; a file cache counts as used, although it would give way."""
    try:
        limit = int((folder / "memory.max").read_text())  # "max": no limit
        return limit - int((folder / "memory.current").read_text())
    except (OSError, ValueError):
        return None


def peak_bytes(device: torch.device) -> int:
    """The most memory that was used: of an accelerator, or by this process."""
    most = devices.most_bytes(device)
    if most is not None:
        return most
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
