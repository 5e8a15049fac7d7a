"""A solve of one sample of zeros: what a solver will ask its field for, before it is real."""

from __future__ import annotations

import torch

from secantfw.interfaces.records import Cond, DataSpec
from secantfw.interfaces.solver import Field, Solver
from secantfw.runtime.devices import accelerator


def dry_solve(field: Field, solver: Solver, steps: int, spec: DataSpec, kind: str) -> None:
    """From noise to data; `field` keeps what it wants to know. `kind`: of the real device.

    The one that is used is an accelerator only where there is one.
    """
    device = (accelerator() if kind != "cpu" else None) or torch.device("cpu")
    path = field.path
    x = torch.zeros((1, *spec.shape), device=device)
    t, s = (torch.full((1,), end, device=device) for end in (path.t_max, path.t_min))
    rng = torch.Generator(device) if solver.stochastic else None
    cond = Cond(torch.zeros(1, dtype=torch.int64, device=device))
    # A solver that compiles asks as its code stands.
    with torch.inference_mode(), torch.compiler.set_stance("force_eager"):
        solver.solve(field, x, t, s, steps, cond, rng)
