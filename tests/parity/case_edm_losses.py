"""Cases of EDM's losses with their gradients, of the augmentation pipe, and of FID."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_edm.augment.draws import Draws
from secantfw_edm.augment.pipe import augmented
from secantfw_edm.backbone import EDMBackbone
from secantfw_edm.denoising import Denoising
from secantfw_edm.design import Design
from secantfw_edm.noise_levels import NoiseLevels
from secantfw_edm.options import (
    AugmentOptions,
    DenoisingOptions,
    EDMOptions,
    NoiseLevelsOptions,
)
from secantfw_fid.gaussian import Gaussian, frechet_distance
from torch import Tensor

from secantfw import Batch, BuildSite, Cond, WeightsHeader
from secantfw.parallel.context import RunContext

from .comparison import Case
from .dispatch import Row, Sidecar
from .edm_networks import FAMILIES, ctor_of, spec_of
from .golden import Golden

LOSS = 5e-5
GRADIENT = 5e-4
FID = 1e-9

_LAWS = {"EDMLoss": "edm", "VPLoss": "vp", "VELoss": "ve"}
#: Official argument -> option of the law of noise levels.
_LAW_NAMES = {"P_mean": "mean", "P_std": "std", "sigma_min": "sigma_min", "sigma_max": "sigma_max"}
_PIPE_NAMES = {
    "p": "p", "xflip": "xflip", "yflip": "yflip", "scale": "scale", "rotate_frac": "rotate",
    "aniso": "stretch", "translate_frac": "translate",
}  # fmt: skip


@attrs.define(eq=False)
class RecordedDraws(Draws):
    """The recorded draws (name, value) in their order; a call of another kind or shape fails."""

    draws: Iterator[tuple[str, Tensor]]

    def coin(self, *shape: int) -> Tensor:
        return self.next("randint", shape)

    def uniform(self, *shape: int) -> Tensor:
        return self.next("rand", shape)

    def normal(self, *shape: int) -> Tensor:
        return self.next("randn", shape)

    def next(self, kind: str, shape: tuple[int, ...]) -> Tensor:
        name, value = next(self.draws)
        assert (name.split("_")[1], tuple(value.shape)) == (kind, shape), name
        return value

    def finish(self) -> None:
        assert not list(self.draws), "a recorded draw was not used"


def loss(case: Case) -> None:
    """The loss of each pixel, and the gradient norm of their sum by parameter."""
    golden, said = case.golden, _entry(case)
    family, draws = FAMILIES[said["precond"]], _draws(case)
    x_0, options = golden["in/images"], said.get("kw", {})
    law = NoiseLevelsOptions(law=_LAWS[said["loss"]], **_renamed(options, _LAW_NAMES))
    kind = "randn" if law.law == "edm" else "rand"
    sigma = NoiseLevels(law).level(draws.next(kind, (len(x_0), 1, 1, 1))).flatten()
    weight = "edm" if said["loss"] == "EDMLoss" else "noise"
    component = Denoising(DenoisingOptions(weight, options.get("sigma_data", 0.5)))
    cond = Cond(_classes(golden["in/class_labels"]))
    batch = Batch(x_0, torch.zeros_like(x_0), cond, cond, torch.arange(len(x_0)))
    if said.get("augment"):
        done = augmented(x_0, _pipe(golden), draws)
        told = attrs.evolve(cond, augment=done.told)
        batch = attrs.evolve(batch, x_0=done.x_0, cond_data=told)
    batch = attrs.evolve(batch, z=draws.normal(*x_0.shape))
    draws.finish()
    student = _student(golden, family)
    values = component.elementwise(_context(student), batch, sigma / (1 + sigma))
    case.check(f"out/{case.name}/loss", values, LOSS)
    values.sum().backward()
    norms = _gradients(student, golden.sidecar["param_names"])
    case.check(f"out/{case.name}/grad_norm", norms, GRADIENT)


def pipe(case: Case) -> None:
    draws = _draws(case)
    done = augmented(case.golden["in/images"], _pipe(case.golden), draws)
    draws.finish()
    case.check("out/augment/images", done.x_0, LOSS)
    case.check("out/augment/labels", done.told, LOSS)


def fid(case: Case) -> None:
    """The distance of the given statistics."""
    given = case.golden.under("out/fid")
    count = 0  # how many pictures there were is not known
    ours = Gaussian(given["mu"], given["sigma"], count)
    theirs = Gaussian(given["mu_ref"], given["sigma_ref"], count)
    distance = frechet_distance(ours, theirs)
    case.check("out/fid/fid", torch.tensor([distance], dtype=torch.float64), FID)
    for name in ("mu", "sigma", "mu_ref", "sigma_ref"):
        case.accept(f"out/fid/{name}")


def _entry(case: Case) -> dict[str, Any]:
    return next(entry for entry in case.golden.sidecar["cases"] if entry["name"] == case.name)


def _draws(case: Case) -> RecordedDraws:
    return RecordedDraws(iter(sorted(case.golden.under(f"draw/{case.name}").items())))


def _pipe(golden: Golden) -> AugmentOptions:
    return AugmentOptions(**_renamed(golden.sidecar["augment"], _PIPE_NAMES))


def _renamed(said: dict[str, Any], names: dict[str, str]) -> dict[str, float]:
    return {names[key]: float(value) for key, value in said.items() if key in names}


def _classes(one_hot: Tensor) -> Tensor:
    """A row of zeros is the null class."""
    null = torch.full((len(one_hot),), one_hot.shape[1])
    return torch.where(one_hot.any(1), one_hot.argmax(1), null)


def _student(golden: Golden, family: str) -> EDMBackbone:
    said = Design.of(ctor_of(golden, family)).as_toml()
    site = BuildSite(spec_of(golden), Linear(), WeightsHeader("", options=said))
    student = EDMBackbone(EDMOptions(), site).eval()
    student.load_tangent(golden.under("state"))
    return student


def _gradients(student: EDMBackbone, names: list[str]) -> Tensor:
    """Norms by official name; the copies for the second time have their half of a gradient."""
    found = dict(student.named_parameters())
    norms = []
    for name in names:
        twin = re.sub(r"(map_layer[01])\.", r"\1_s.", name)
        parts = [found[key].grad for key in dict.fromkeys((name, twin))]
        parts = [part for part in parts if part is not None]  # no label, no gradient
        norms.append(torch.stack(parts).sum(0).norm() if parts else torch.zeros(()))
    return torch.stack(norms)


def _context(student: EDMBackbone) -> RunContext:
    return RunContext(
        path=student.path,
        student=student,
        ema=student,
        teacher=None,
        null=student.classes,
        streams=None,
        steps=1,
        teacher_solver=None,
    )


def _is_losses(said: Sidecar) -> bool:
    return "augment" in said and any("loss" in case for case in said.get("cases", ()))


KINDS = {"edm losses": _is_losses}

ROWS = (
    Row("edm losses", r"(EDM|VP|VE)Loss.*", loss),
    Row("edm losses", r"augment", pipe),
    Row("edm losses", r"fid", fid),
)
