"""Global torch state that a plug-in must leave alone, and putting it back.

Nothing here imports torch: where nobody has imported it there is no state to change. A plug-in
that imports it is caught at that moment, so that what it changes afterwards can be told.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importlib.abc imports thirty modules, and adds nothing that is used here


@attrs.frozen
class TorchState:
    """The settings every computation of the process shares."""

    default_dtype: Any
    default_device: Any
    grad_mode: bool
    num_threads: int
    deterministic_algorithms: bool
    float32_matmul_precision: str
    global_rng: bytes

    @classmethod
    def now(cls) -> TorchState:
        import torch

        return cls(
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_float32_matmul_precision(),
            bytes(torch.get_rng_state().tolist()),
        )

    def changes(self) -> list[str]:
        """What differs now: `default dtype (torch.float32 -> torch.float64)`."""
        pairs = zip(attrs.asdict(self).items(), attrs.astuple(TorchState.now()), strict=True)
        return [_change(name, old, new) for (name, old), new in pairs if old != new]

    def restore(self) -> None:
        import torch

        torch.set_default_dtype(self.default_dtype)
        # Setting "cpu" would leave a mode behind that every call passes through.
        cpu = self.default_device.type == "cpu"
        torch.set_default_device(None if cpu else self.default_device)
        torch.set_grad_enabled(self.grad_mode)
        torch.set_num_threads(self.num_threads)
        torch.use_deterministic_algorithms(self.deterministic_algorithms)
        torch.set_float32_matmul_precision(self.float32_matmul_precision)
        torch.set_rng_state(torch.tensor(list(self.global_rng), dtype=torch.uint8, device="cpu"))


def _change(name: str, old: object, new: object) -> str:
    shown = "" if name == "global_rng" else f" ({old} -> {new})"
    return name.replace("_", " ") + shown


class TorchWatch:
    """`before`: torch's state at the start, or right after the import that happened meanwhile."""

    def __init__(self) -> None:
        self.imported = False
        self.before: TorchState | None = None

    def __enter__(self) -> TorchWatch:
        if "torch" in sys.modules:
            self.before = TorchState.now()
        else:
            sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec("torch")
        if found is not None and found.loader is not None:
            found.loader = _Reporting(found.loader, self)
        return found

    def torch_came(self) -> None:
        self.imported, self.before = True, TorchState.now()


class _Reporting(Loader):
    """torch's loader, which tells the watch when it is done and steps back."""

    def __init__(self, inner: Loader, watch: TorchWatch) -> None:
        self.inner, self.watch = inner, watch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.inner
        if module.__spec__ is not None:
            module.__spec__.loader = self.inner
        self.inner.exec_module(module)
        self.watch.torch_came()
