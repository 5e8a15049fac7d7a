"""A whole training step on a GPU that is not there: every sync and every copy to it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import torch
from counting import FakeStreams, Traffic, fake_cuda
from small_sit import Parts, experiment
from torch import nn

from secantfw.training.loop import train

_CUDA = torch.device("cuda", 0)


class _TakesTraffic:
    """In an observer's place: the traffic of each step."""

    def __init__(self, watch) -> None:
        self.watch, self.clock = watch, 0.0
        self.steps: list[Traffic] = []

    def step_done(self, done, loss, norm, terms) -> None:
        self.steps.append(self.watch.traffic)
        self.watch.traffic = Traffic()

    def save(self, done, final=True) -> None: ...


class NeverStops:
    requested, save_requested = None, False


def traffic(folder: Path, loss: str, guided: bool, *overrides: str) -> list[Traffic]:
    """Of the second step of `loss`; the first sets things up.

    The autograd engine wants a real device, so that `backward` only makes gradients; what it runs
    are the derivatives of operations that were watched.
    """
    loaded = experiment(folder, loss, guided, "train.steps=2", *overrides)
    with fake_cuda() as watch, _on_fake_tensors() as students:
        parts = Parts(loaded, _CUDA, FakeStreams())
        students.append(parts.built.student)
        seen = _TakesTraffic(watch)
        train(parts.built, parts.source, parts.ctx, parts.update, seen, NeverStops(), 0)
    return seen.steps[1:]


@contextmanager
def _on_fake_tensors():
    """`Module.to` has nothing to move, and `backward` fills in gradients of the list's modules."""
    students: list[nn.Module] = []

    def backward(loss) -> None:
        for parameter in students[0].parameters():
            if parameter.requires_grad:
                parameter.grad = torch.zeros_like(parameter)

    kept = torch.Tensor.backward, nn.Module.to
    torch.Tensor.backward, nn.Module.to = backward, lambda module, *args, **kwargs: module
    try:
        yield students
    finally:
        torch.Tensor.backward, nn.Module.to = kept
