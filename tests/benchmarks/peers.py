"""Other people's Euler loops on one field, from t = 1 to 0, each as its documentation calls it.

`field(x, t)` is the velocity dx/dt at times t (B,), in secantfw's time. Each peer is a function
(field, x, steps) -> x at t = 0; all of them take the same uniform steps.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from types import ModuleType

import torch
from figures import PeerAbsent
from torch import Tensor, nn

Field = Callable[[Tensor, Tensor], Tensor]
Sampler = Callable[[Field, Tensor, int], Tensor]


@torch.no_grad()
def bare(field: Field, x: Tensor, steps: int) -> Tensor:
    """What one would write by hand, the times made once: two operations a step."""
    times = torch.linspace(1, 0, steps + 1, device=x.device).unsqueeze(1).expand(-1, len(x))
    times = times.unbind(0)
    for i in range(steps):
        x = x - (1 / steps) * field(x, times[i])
    return x


@torch.no_grad()
def released_loop(field: Field, x: Tensor, steps: int) -> Tensor:
    """As in sample_ddp.py of the secant release, in its own time, 0 noise and 1 data."""
    interval = 1 / steps
    one = interval * x.new_ones(x.shape[0])
    for step in range(steps):
        t, s = step * one, (step + 1) * one
        del s  # a secant would be told
        x = x - interval * field(x, 1 - t)
    return x


@torch.no_grad()
def diffusers_euler(field: Field, x: Tensor, steps: int) -> Tensor:
    """FlowMatchEulerDiscreteScheduler, whose sigma is t and whose timestep is 1000 t."""
    try:
        from diffusers import FlowMatchEulerDiscreteScheduler
    except ImportError as error:
        raise PeerAbsent("diffusers") from error
    scheduler = FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)], device=x.device)
    for timestep in scheduler.timesteps:
        t = (timestep / 1000).expand(len(x))
        x = scheduler.step(field(x, t), timestep, x, return_dict=False)[0]
    return x


@torch.no_grad()
def torchdiffeq_euler(field: Field, x: Tensor, steps: int) -> Tensor:
    """odeint(method="euler") over a grid of times."""
    try:
        from torchdiffeq import odeint
    except ImportError as error:
        raise PeerAbsent("torchdiffeq") from error
    grid = torch.linspace(1, 0, steps + 1, device=x.device)
    return odeint(lambda t, x: field(x, t.expand(len(x))), x, grid, method="euler")[-1]


@torch.no_grad()
def flow_matching_euler(field: Field, x: Tensor, steps: int) -> Tensor:
    """flow_matching's ODESolver over a grid of times."""
    try:
        from flow_matching.solver import ODESolver
    except ImportError as error:
        raise PeerAbsent("flow_matching") from error

    class Velocity(nn.Module):
        def forward(self, x: Tensor, t: Tensor, **extras: object) -> Tensor:
            return field(x, t.expand(len(x)))

    grid = torch.linspace(1, 0, steps + 1, device=x.device)
    solver = ODESolver(velocity_model=Velocity())
    return solver.sample(x_init=x, time_grid=grid, method="euler", step_size=None)


@torch.no_grad()
def k_diffusion_euler(field: Field, x: Tensor, steps: int) -> Tensor:
    """sample_euler, whose ODE dx/dsigma = (x - D) / sigma is this one for D = x - t v."""
    sample_euler = _k_diffusion_sampling().sample_euler

    def denoised(x: Tensor, sigma: Tensor) -> Tensor:
        return x - sigma.reshape(-1, *(1,) * (x.ndim - 1)) * field(x, sigma)

    sigmas = torch.linspace(1, 0, steps + 1, device=x.device)
    return sample_euler(denoised, x, sigmas, disable=True)


def _k_diffusion_sampling() -> ModuleType:
    """Its sampling module alone: the package imports CLIP, which newer setuptools break."""
    if "k_diffusion" not in sys.modules:
        found = importlib.util.find_spec("k_diffusion")
        if found is None:
            raise PeerAbsent("k_diffusion")
        package = ModuleType("k_diffusion")
        package.__path__ = found.submodule_search_locations
        sys.modules["k_diffusion"] = package
    try:
        return importlib.import_module("k_diffusion.sampling")
    except ImportError as error:
        raise PeerAbsent("k_diffusion") from error


PEERS: Mapping[str, Sampler] = {
    "bare loop": bare,
    "released loop": released_loop,
    "diffusers FlowMatchEuler": diffusers_euler,
    "torchdiffeq euler": torchdiffeq_euler,
    "flow_matching ODESolver": flow_matching_euler,
    "k-diffusion sample_euler": k_diffusion_euler,
}
