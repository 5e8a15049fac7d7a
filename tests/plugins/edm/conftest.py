"""Small EDM networks whose every weight is random, so that no zero hides anything."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_edm.backbone import EDMBackbone
from secantfw_edm.options import EDMOptions

from secantfw import BuildSite, Cond, DataSpec

SPEC = DataSpec((3, 8, 8), num_classes=4)
SIZES = {"model_channels": 8, "channel_mult": (1, 2), "num_blocks": 1, "attn_resolutions": (4,)}


@pytest.fixture
def make_student():
    """A student in evaluation mode; `path`, `spec`, `seed`, and options of the backbone."""

    def make(*, path=None, spec=SPEC, seed=0, **options):
        torch.manual_seed(seed)
        said = {**SIZES, "model_type": "SongUNet", "dropout": 0.0, **options}
        student = EDMBackbone(EDMOptions(**said), BuildSite(spec, path or Linear()))
        with torch.no_grad():
            for parameter in student.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        student.load_tangent(one_time(student))
        return student.eval()

    return make


def one_time(student):
    """The one-time weights of a network whose two times differ."""
    state = student.model.state_dict()
    return {k: v for k, v in state.items() if "_s." not in k and "guidance" not in k}


@pytest.fixture
def batch():
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(4, *SPEC.shape, generator=rng)
    t, s = torch.tensor([1.0, 0.7, 0.4, 0.2]), torch.tensor([0.0, 0.3, 0.35, 0.1])
    return x, t, s, Cond(torch.tensor([0, 1, 3, 4]))
