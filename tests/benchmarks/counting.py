"""What can be counted exactly: aten operations, Python calls, host syncs and copies to a device.

Syncs and copies are counted without a GPU: under `FakeTensorMode` tensors have a device, "cuda",
and no memory, so that an operation that would wait for it, or move something to it, is seen.
"""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from secantfw.runtime.randomness import Streams

Counts = Mapping[str, int]


class Operations(TorchDispatchMode):
    """Counts operations by name; the labels that optimisers leave for a profiler are none."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: collections.Counter[str] = collections.Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if not (name := str(function)).startswith("profiler."):
            self.counts[name] += 1
        return function(*args, **(kwargs or {}))


def operations(call: Callable[[], Any]) -> Counts:
    """Of one call, by name."""
    with Operations() as counted:
        call()
    return counted.counts


def total(counts: Counts) -> int:
    return sum(counts.values())


def difference(longer: Counts, shorter: Counts) -> dict[str, int]:
    """Operations of the steps that `longer` has more: what start-up costs drops out."""
    names = set(longer) | set(shorter)
    return {n: longer[n] - shorter[n] for n in names if longer[n] != shorter[n]}


def python_calls(call: Callable[[], Any]) -> int:
    """Python and C functions called."""
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)
    return count


#: Reading a number, or a shape that depends on numbers, from a device waits for it.
_READS = ("aten._local_scalar_dense", "aten.nonzero", "aten.masked_select", "aten.equal.default")
_CUDA = torch.device("cuda", 0)


def reads(counts: Counts) -> int:
    """How often the host read a value: a sync each, where the value is on a device."""
    return sum(n for name, n in counts.items() if name.startswith(_READS))


@attrs.define
class Traffic:
    """Between the host and a device: what waits for it, and what is copied to it."""

    syncs: list[str] = attrs.field(factory=list)
    to_device: list[str] = attrs.field(factory=list)


class _Watch(TorchDispatchMode):
    """Notes traffic. A number read is made up: 0 keeps labels in range and flags down."""

    def __init__(self) -> None:
        super().__init__()
        self.traffic = Traffic()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name, inputs = str(function), _devices((args, kwargs))
        if name.startswith("aten._local_scalar_dense"):
            if "cuda" in inputs:
                self.traffic.syncs.append(name)
            return (args[0].dtype.is_floating_point and 0.0) or 0
        out = function(*args, **(kwargs or {}))
        if "cuda" in inputs and (name.startswith(_READS) or "cpu" in _devices(out)):
            self.traffic.syncs.append(name)  # what comes back to the host waits for the device
        copies = name.startswith(("aten._to_copy", "aten.copy_", "aten.lift"))
        if copies and _first_device(args[1:2] or args) == "cpu" and "cuda" in _devices(out):
            self.traffic.to_device.append(name)
        return out


def _devices(tree: object) -> set[str]:
    tensors = (leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor))
    return {t.device.type for t in tensors if t.ndim or t.device.type == "cuda"}


def _first_device(tree: object) -> str:
    return next((t.device.type for t in tree_leaves(tree) if isinstance(t, torch.Tensor)), "")


class _Generator(torch.Generator):
    """Says that it is on the GPU, as its draws are."""

    device = _CUDA


class FakeStreams(Streams):
    """Streams on a GPU that is not there."""

    def __init__(self) -> None:
        super().__init__(0, _CUDA)

    def at(self, stream: str, step: int) -> torch.Generator:
        return _Generator()


class _WithoutGenerators(TorchFunctionMode):
    """A fake tensor needs no draw, and a CPU generator is refused on a GPU."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if isinstance(kwargs.get("generator"), _Generator):
            kwargs["generator"] = None
        return function(*args, **kwargs)


@contextmanager
def fake_cuda():
    """`with fake_cuda() as watch`: everything on a GPU that is not there; `watch.traffic`."""
    with FakeTensorMode(allow_non_fake_inputs=True), _WithoutGenerators(), _Watch() as watch:
        yield watch
