"""A small SiT student whose every weight is random, and its field under some guidance."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.options import SiTOptions

from secantfw import BuildSite, Cond, DataSpec
from secantfw.experiment.schema import Guidance
from secantfw.sampling.draw import Start
from secantfw.sampling.field import student_field

SPEC = DataSpec((3, 8, 8), num_classes=4)


@pytest.fixture
def make_field():
    """make_field(guidance, device, seed) -> a field."""

    def make(guidance=Guidance(), device="cpu", seed=0):  # noqa: B008
        torch.manual_seed(seed)
        options = SiTOptions(width=32, depth=2, heads=4, patch=2)
        student = SiTBackbone(options, BuildSite(SPEC, Linear(), None, guidance.range))
        with torch.no_grad():
            for parameter in student.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        student.eval().requires_grad_(False).to(device)
        return student_field(student, student.path, guidance, SPEC.num_classes)

    return make


@pytest.fixture
def start():
    """start(rows, device, seed) -> where so many samples begin."""

    def make(rows=5, device="cpu", seed=1):
        rng = torch.Generator().manual_seed(seed)
        z = torch.randn(rows, *SPEC.shape, generator=rng).to(device)
        label = (torch.arange(rows) + seed) % SPEC.num_classes
        return Start(range(rows), z, Cond(label.to(device)))

    return make
