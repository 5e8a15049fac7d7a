"""Cases of EDM's samplers: samples, and the noise levels of the network's calls in their order.

The state is float64, the network float32; recorded draws are the noise of each step.
"""

from __future__ import annotations

import itertools
from typing import Any

import attrs
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_edm.options import AblationOptions, EDMHeunOptions
from secantfw_edm.solvers import ablation, heun
from secantfw_edm.solvers.ablation import Ablation
from secantfw_edm.solvers.heun import EDMHeun
from torch import Tensor

from secantfw import Cond, Field, Solver

from .comparison import Case
from .dispatch import Row, Sidecar
from .edm_networks import FAMILIES, Denoiser
from .golden import Golden

TOLERANCE = 1e-4
STIFF = 1e-3  # VE's and VP's schedules under Heun, as the files say
SIGMA = 1e-6

#: Official argument -> option.
_NAMES = {
    "sigma_min": "sigma_min", "sigma_max": "sigma_max", "rho": "rho", "solver": "method",
    "discretization": "discretisation", "schedule": "schedule", "scaling": "scaling",
    "epsilon_s": "epsilon", "alpha": "alpha", "S_churn": "churn", "S_min": "churn_min",
    "S_max": "churn_max", "S_noise": "churn_noise",
}  # fmt: skip


@attrs.define(eq=False)
class DenoiserField(Field):
    """An official denoiser as velocity on the linear path; keeps the levels it is asked for."""

    denoiser: Denoiser
    labels: Tensor | None
    calls: list[Tensor] = attrs.field(factory=list)
    path: Any = attrs.field(factory=Linear)

    @torch.no_grad()
    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """v = (x - D) / t at y = x / (1 - t)."""
        sigma = t / (1 - t)
        self.calls.append(sigma[0])
        y = x / (1 - t[0])
        d = self.denoiser(y.float(), sigma.float(), self.denoiser.told(self.labels)).double()
        return (x - (1 - t[0]) * d) / t[0] - d

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        raise AssertionError("these samplers use tangents")


def sample(case: Case) -> None:
    said = _entry(case.golden, case.name)
    case.check(f"out/{case.name}", _run(case.golden, said)[0], _tolerance(case, said))


def sigma_calls(case: Case) -> None:
    said = _entry(case.golden, case.name.removesuffix(".sigma_calls"))
    case.check(f"out/{case.name}", torch.stack(_run(case.golden, said)[1]), SIGMA)


def grid(case: Case) -> None:
    """The default schedule of N steps."""
    steps = int(case.name.removesuffix(".sigma_calls").rpartition("_")[2])
    said = {"precond": "EDMPrecond", "fn": "edm_sampler", "kw": {"num_steps": steps}}
    said |= {"name": "", "churn_noise": False, "labels": True}
    case.check(f"out/{case.name}", torch.stack(_run(case.golden, said)[1]), SIGMA)


def _run(golden: Golden, said: dict[str, Any]) -> tuple[Tensor, list[Tensor]]:
    """The sample, and sigma of every call."""
    family = FAMILIES[said["precond"]]
    weights = "teacher" if family == "iddpm" else "state"
    denoiser = Denoiser(golden, family, torch.float32, weights)
    labels = golden.tensors.get("in/class_labels") if said["labels"] else None
    field = DenoiserField(denoiser, labels)
    solver, steps = _solver(said, denoiser), said["kw"].get("num_steps", 18)
    latents = golden["in/latents"].double()
    ones = torch.ones(len(latents), dtype=torch.float64)
    draws = iter(golden.tensors.get(f"draw/{said['name']}/noise", ()))
    with _recorded(draws):
        found = solver.solve(field, latents, ones, 0 * ones, steps, Cond())
    assert len(field.calls) == solver.evaluations(steps)
    return found, field.calls


def _solver(said: dict[str, Any], denoiser: Denoiser) -> Solver:
    kw = {_NAMES[key]: value for key, value in said["kw"].items() if key in _NAMES}
    if kw.get("churn_max") == float("inf"):
        del kw["churn_max"]
    low, high = denoiser.family.supported()
    first = EDMHeun(EDMHeunOptions()) if said["fn"] == "edm_sampler" else Ablation(_options(kw))
    own = first.options if isinstance(first, EDMHeun) else first
    # The official samplers ask the network for its range.
    kw["sigma_min"] = max(kw.get("sigma_min") or own.sigma_min, low)
    kw["sigma_max"] = min(kw.get("sigma_max") or own.sigma_max, high)
    kw["iddpm_levels"] = said["precond"] == "iDDPMPrecond"
    if said["fn"] == "edm_sampler":
        return EDMHeun(EDMHeunOptions(**kw))
    return Ablation(_options(kw))


def _options(kw: dict[str, Any]) -> AblationOptions:
    return AblationOptions(**kw)


class _recorded:
    """Both samplers take their noise from a recording."""

    def __init__(self, draws: Any) -> None:
        self.draws = draws
        self.modules = (heun, ablation)

    def __enter__(self) -> None:
        self.kept = [module.noise_source for module in self.modules]
        for module in self.modules:
            module.noise_source = lambda x, rng: lambda: next(self.draws)

    def __exit__(self, *_: object) -> None:
        for module, kept in zip(self.modules, self.kept, strict=True):
            module.noise_source = kept
        assert not list(itertools.islice(self.draws, 1)), "a recorded draw was not used"


def _tolerance(case: Case, said: dict[str, Any]) -> float:
    """A folder's own sensitivity counts where it is above the usual limit."""
    kw = said["kw"]
    stiff = kw.get("solver") == "heun" and kw.get("schedule") in ("vp", "ve")
    moved = case.golden.sidecar.get("sensitivity_to_1e-6_relative_latent_change", {})
    change = moved.get(f"out/{case.name}", 0.0)
    relative = change / float(case.golden[f"out/{case.name}"].abs().max())
    return max(STIFF if stiff else TOLERANCE, relative)


def _entry(golden: Golden, name: str) -> dict[str, Any]:
    return next(entry for entry in golden.sidecar["cases"] if entry["name"] == name)


def _is_samplers(said: Sidecar) -> bool:
    return "grids" in said and any("fn" in case for case in said.get("cases", ()))


KINDS = {"edm samplers": _is_samplers}

ROWS = (
    Row("edm samplers", r"(edm|abl)_(?!grid_)[^.]*", sample),
    Row("edm samplers", r"(edm|abl)_(?!grid_)[^.]*\.sigma_calls", sigma_calls),
    Row("edm samplers", r"edm_grid_\d+\.sigma_calls", grid),
)
