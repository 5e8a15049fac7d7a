"""What a step costs beside the network, counted."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.options import HeunOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.vp import VP
from secantfw_basics.solvers.euler import Euler
from secantfw_basics.solvers.heun import Heun
from secantfw_basics.solvers.midpoint import Midpoint
from secantfw_basics.solvers.secant import SecantSteps
from secantfw_solvers.multistep.adams_bashforth import AdamsBashforth
from secantfw_solvers.multistep.deis import DEIS
from secantfw_solvers.multistep.dpm_solver_pp import DPMSolverPP
from secantfw_solvers.multistep.ipndm import IPNDM
from secantfw_solvers.multistep.unipc import UniPC
from secantfw_solvers.options import (
    AdamsBashforthOptions,
    DEISOptions,
    DPMSolverPPOptions,
    IPNDMOptions,
    SecantRestartOptions,
    UniPCOptions,
)
from secantfw_solvers.runge_kutta.heun3 import Heun3
from secantfw_solvers.runge_kutta.rk4 import RK4
from secantfw_solvers.secant_restart import SecantRestart
from torch.utils._python_dispatch import TorchDispatchMode

from secantfw import Cond, GridOptions
from secantfw.sampling.field import CountedField

#: Tensor operations a step, that of the field (one) included: (name, options) -> count.
BUDGET = [
    ("euler", {}, 2),
    ("heun", {}, 5),
    ("midpoint", {}, 4),
    ("secant", {}, 2),
    ("heun3", {}, 7),
    ("rk4", {}, 11),
    ("adams_bashforth", {"order": 1}, 2),
    ("adams_bashforth", {"order": 2}, 3),
    ("adams_bashforth", {"order": 3}, 4),
    ("ipndm", {"order": 1}, 3),
    ("ipndm", {"order": 4}, 9),
    ("deis", {}, 5),
    ("dpm_solver_pp", {"order": 1}, 3),
    ("dpm_solver_pp", {"order": 2}, 5),
    ("dpm_solver_pp", {"order": 3}, 7),
    ("unipc", {}, 10),
    ("secant_restart", {"gamma": 0.0}, 2),
    ("secant_restart", {}, 5),
]


MAKE = {
    "euler": lambda **o: Euler(GridOptions(**o)),
    "heun": lambda **o: Heun(HeunOptions(**o)),
    "midpoint": lambda **o: Midpoint(GridOptions(**o)),
    "secant": lambda **o: SecantSteps(GridOptions(**o)),
    "heun3": lambda **o: Heun3(GridOptions(**o)),
    "rk4": lambda **o: RK4(GridOptions(**o)),
    "adams_bashforth": lambda **o: AdamsBashforth(AdamsBashforthOptions(**o)),
    "ipndm": lambda **o: IPNDM(IPNDMOptions(**o)),
    "deis": lambda **o: DEIS(DEISOptions(**o)),
    "dpm_solver_pp": lambda **o: DPMSolverPP(DPMSolverPPOptions(**o)),
    "unipc": lambda **o: UniPC(UniPCOptions(**o)),
    "secant_restart": lambda **o: SecantRestart(SecantRestartOptions(**o)),
}


class Operations(TorchDispatchMode):
    """Counts tensor operations; refuses to read a number back from the device."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        assert "_local_scalar_dense" not in str(function), "reads a number back"
        self.count += 1
        return function(*args, **(kwargs or {}))


def solve(solver, path, steps, dtype=torch.float32):
    field = CountedField(path, lambda x, t, s, cond: x.neg(), has_secants=True)
    t = torch.full((3,), path.t_max, dtype=dtype)
    s = torch.full((3,), path.t_min, dtype=dtype)
    rng = torch.Generator().manual_seed(0)
    with torch.inference_mode(), Operations() as counted:
        found = solver.solve(field, torch.ones(3, 2, dtype=dtype), t, s, steps, Cond(), rng)
    assert field.nfe == solver.evaluations(steps)
    assert found.dtype == dtype
    return counted.count


@pytest.mark.parametrize(("solver", "options", "budget"), BUDGET)
@pytest.mark.parametrize("path", [Linear(), VP()])
@pytest.mark.parametrize("spacing", ["uniform", "logsnr", "logit_normal"])
def test_a_step_has_few_operations_and_no_reading_back(solver, options, budget, path, spacing):
    made = MAKE[solver](**options, spacing=spacing)
    counts = [solve(made, path, steps) for steps in (8, 16)]
    assert counts[1] - counts[0] == 8 * budget
