"""An engine of a third party that keeps shares (ZeRO, stage 1, arXiv:1910.02054).

Accelerate averages the gradients; each process updates its rows of every tensor.
"""

from __future__ import annotations

from contextlib import contextmanager

import accelerate
import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Shard

import secantfw
from secantfw import Engine, LossTerms, WholeLoss, stored_tensors


class ByAccelerate(Engine):
    works_alone = False

    def __init__(self, site):
        self.group, self.pieces = site.group, site.pieces

    def prepare(self, student, ema, loss, ctx):
        device = next(student.parameters()).device
        self._mesh = init_device_mesh(device.type, (self.group.size,))
        self._accelerator, self._ctx = accelerate.Accelerator(cpu=device.type == "cpu"), ctx
        self._wrapped = self._accelerator.prepare(WholeLoss(student, loss, ctx))
        self._networks = [student, ema]
        self._called = self._networks if "ema" in loss.requirements() else [student]
        self._trained = [p for p in student.parameters() if p.requires_grad]
        self._held = {}

    def _rows(self, tensor):
        """Those of this process, a view; none where there are fewer rows than processes."""
        rows = tensor.chunk(self.group.size)
        rank = self.group.processes.rank
        return rows[rank] if rank < len(rows) else tensor[:0]

    def local(self, parameter):
        if parameter not in self._held:
            rows = self._rows(parameter.detach())
            self._held[parameter] = nn.Parameter(rows, requires_grad=parameter.requires_grad)
        return self._held[parameter]

    def part(self, parameter, held):
        if held.ndim == 0:
            return held
        like = {"shape": parameter.shape, "stride": parameter.stride()}
        return DTensor.from_local(held, self._mesh, [Shard(0)], run_check=False, **like)

    @torch.no_grad()
    def _gather(self, networks):
        for parameter in (p for network in networks for p in network.parameters()):
            if parameter in self._held:
                parameter.copy_(self.part(parameter, self._held[parameter].data).full_tensor())

    def weights(self, network):
        self._gather([network])
        return dict(network.state_dict())

    def save(self, place, tensors, header):
        whole = {n: t.full_tensor() if isinstance(t, DTensor) else t for n, t in tensors.items()}
        super().save(place, whole, header)

    @torch.no_grad()
    def load(self, place, tensors):
        stored = stored_tensors(place)
        for name, tensor in tensors.items():
            if isinstance(tensor, DTensor):
                tensor.to_local().copy_(self._rows(stored[name]))
            else:
                tensor.copy_(stored[name])

    @contextmanager
    def whole(self):
        self._gather(self._networks)
        yield

    def trained(self, network):
        self._gather([network])
        return network

    def spared_bytes(self, student, loss):
        moments = 2 * sum(p.nbytes for p in student.parameters() if p.requires_grad)
        return moments * (1 - 1 / self.group.size)

    def compute(self, batch, times):
        self._gather(self._called)
        return self.accumulate(self._terms, self._ctx, batch, times, self._alone)

    def _alone(self):
        return self._accelerator.no_sync(self._wrapped)

    def _terms(self, batch, times):
        per_sample, scalars = self._wrapped(batch, times)
        return LossTerms(per_sample, scalars)

    def backward(self, objective):
        self._accelerator.backward(self.scaled(objective))
        given = [p for p in self._trained if p.grad is not None]
        self._norm = super().total_norm([p.grad for p in given])
        for parameter in given:
            self.local(parameter).grad = self._rows(parameter.grad)
            parameter.grad = None
        return self.exchange(objective)

    def total_norm(self, gradients):
        return self._norm


@secantfw.hookimpl
def secantfw_components(register):
    register.engine("by_accelerate", "by_accelerate:ByAccelerate", summary="shares by Accelerate")
