"""P5: ours beside the released code's losses, on one tiny SiT and the same draws.

    python -m tests.benchmarks.table --gate P5 --released PATH

PATH is a clone of github.com/poppuppy/secant_expectation; nothing of it is kept here. It runs from
a copy in which one name is mended (its sdee without guidance asks the teacher at a point that only
sdei has), with labels kept, as ours are. Weights are copied by name; its t is 1 - t, its velocity
-f. STEI takes the teacher's tangent, as released.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import torch
from counting import operations, total
from figures import Figure, PeerAbsent
from paired_time import paired
from small_sit import LOSSES, Parts, experiment

from secantfw.interfaces.records import Batch, Cond, Times
from secantfw.runtime.randomness import Streams

_ROWS, _SIDE, _CLASSES = 64, 16, 10
_SIZE = ("backbone.width=128", "backbone.depth=4", "backbone.heads=4", "backbone.patch=4",
         f"train.batch_size={_ROWS}")  # fmt: skip


def clone() -> Path:
    """Where the released code is.

    Raises:
        PeerAbsent: nobody said.
    """
    path = Path(os.environ.get("SECANTFW_RELEASED", ""))
    if not (path / "transport" / "transport.py").is_file():
        raise PeerAbsent("the released code; --released PATH")
    return path


def copied(folder: Path) -> Path:
    """A copy that runs."""
    there = folder / "released"
    if not there.exists():
        shutil.copytree(clone() / "transport", there / "transport")
        shutil.copy(clone() / "models.py", there)
        file = there / "transport" / "transport.py"
        before, mark, sdee = file.read_text().partition(
            "elif loss_type == 'sdee':\n            xr ="
        )
        sdee = sdee.replace("teacher(xr_hat, r, r,", "teacher(xr, r, r,", 1)
        file.write_text(before + mark + sdee)
    return there


@contextmanager
def _labels_kept():
    """Its label dropout, the one draw left inside, drops nothing."""
    rand = torch.rand
    torch.rand = lambda *shape, device=None: torch.ones(*shape, device=device)
    try:
        yield
    finally:
        torch.rand = rand


class Pair:
    """Our loss and the released one on the same networks, batch and times."""

    def __init__(self, loss: str, folder: Path) -> None:
        sys.path.insert(0, str(copied(folder)))
        try:
            from models import DiT
            from transport.transport import ModelType, PathType, Transport, WeightType
        except ModuleNotFoundError as error:
            raise PeerAbsent(f"{error.name}, which the released code imports") from error

        tangent = ("loss.tangent='teacher'",) if loss == "stei" else ()
        cpu = torch.device("cpu")
        loaded = experiment(folder, loss, False, *_SIZE, *tangent)
        self.name, self.parts = loss, Parts(loaded, cpu, Streams(0, cpu))
        torch.manual_seed(0)
        student = self.parts.built.student.network
        for parameter in student.parameters():
            if parameter.requires_grad:
                torch.nn.init.normal_(parameter, std=0.05)
        shape = {"input_size": _SIDE, "patch_size": 4, "in_channels": 1, "hidden_size": 128,
                 "depth": 4, "num_heads": 4, "num_classes": _CLASSES,
                 "learn_sigma": False}  # fmt: skip
        self.theirs, self.teacher = DiT(**shape), DiT(**shape)
        self.theirs.load_state_dict(student.state_dict())
        if self.parts.built.teacher is not None:
            weights = dict(self.parts.built.teacher.network.state_dict())
            for key in [k for k in weights if k.startswith("t_embedder.")]:
                weights[key.replace("t_embedder.", "s_embedder.")] = weights[key]
            self.teacher.load_state_dict(weights)
        self.teacher.requires_grad_(False)
        self.transport = Transport(
            model_type=ModelType.VELOCITY, path_type=PathType.LINEAR, loss_type=WeightType.NONE,
            train_eps=0, sample_eps=0,
        )  # fmt: skip
        self._draw(loss)

    def _draw(self, loss: str) -> None:
        rng = torch.Generator().manual_seed(1)
        x_0 = torch.randn(_ROWS, 1, _SIDE, _SIDE, generator=rng)
        z = torch.randn(x_0.shape, generator=rng)
        label = torch.randint(0, _CLASSES, (_ROWS,), generator=rng)
        t, s, u, tau = torch.rand(4, _ROWS, generator=rng)
        r = torch.lerp(t, s, u)
        cond = Cond(label)
        self.batch = Batch(x_0, z, cond, cond, torch.arange(_ROWS))
        weight = torch.ones(_ROWS, 1)
        self.times = Times(t, s, r.unsqueeze(1), weight, tau if loss == "stei" else None)
        # The released loss draws inside; it gets these instead, in its own time.
        own = (1 - tau, 1 - r, 1 - s, 1 - t, z, x_0)
        self.transport.sample = lambda *arguments: own

    def ours(self) -> torch.Tensor:
        """Forward and backward; the loss of each row."""
        self.parts.built.student.zero_grad(set_to_none=True)
        per_row = self.parts.built.loss(self.parts.ctx, self.batch, self.times).per_sample
        per_row.mean().backward()
        return per_row.detach()

    def released(self) -> torch.Tensor:
        self.theirs.zero_grad(set_to_none=True)
        per_row = self.transport.training_losses(
            self.theirs, self.teacher, self.batch.x_0, None, 4, self.name,
            {"y": self.batch.cond.label},
        )["loss"]  # fmt: skip
        per_row.mean().backward()
        return per_row.detach()


def p5() -> list[Figure]:
    """Values, operations and time of forward and backward, each loss without guidance."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for pair in [Pair(loss, Path(folder)) for loss in LOSSES]:
            figures += compared(pair)
    return figures


def compared(pair: Pair) -> list[Figure]:
    with _labels_kept():
        loss = pair.name
        gap = float(((pair.ours() - pair.released()).abs() / pair.released().abs()).max())
        mine, theirs = total(operations(pair.ours)), total(operations(pair.released))
        time = paired(pair.released, pair.ours, 24)
        limit = 0.92 if loss == "stei" else 1.0
        return [
            Figure("P5", f"{loss}: largest relative difference of values", gap, "", 1e-4),
            Figure("P5", f"{loss}: operations / released", mine / theirs, "x", 1.0),
            Figure("P5", f"{loss}: time / released", time.ratio, "x", limit),
        ]
