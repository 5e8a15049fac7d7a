"""Small SiT networks with weights that matter.

adaLN-zero makes a fresh network's output zero, so a test of equality would compare zeros.
"""

import pytest
import torch
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.options import SiTOptions
from secantfw_sit.teacher import SiTTeacher, SiTTeacherOptions

from secantfw import BuildSite, Cond, DataSpec, WeightsHeader, save_weights

SPEC = DataSpec((2, 8, 8), num_classes=5)
SIZES = {"width": 32, "depth": 2, "heads": 4, "patch": 2, "learn_sigma": True}


@pytest.fixture
def site():
    return BuildSite(SPEC, path=None)


@pytest.fixture
def make_backbone(site):
    """make_backbone(site=..., **options) -> a network with random weights; its seed is fixed."""

    def make(site=site, seed=0, **options):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            backbone = SiTBackbone(SiTOptions(**{**SIZES, **options}), site)
            for parameter in backbone.parameters():
                if parameter.requires_grad:
                    torch.nn.init.normal_(parameter, std=0.2)
        return backbone

    return make


@pytest.fixture
def teacher_file(make_backbone, tmp_path):
    """A weights file that describes itself, with one-time weights."""
    backbone = make_backbone()
    backbone.network.s_embedder.load_state_dict(backbone.network.t_embedder.state_dict())
    file = str(tmp_path / "teacher.safetensors")
    header = WeightsHeader(file, "sit:sit", backbone.network_options(), SPEC, "basics:linear")
    save_weights(file, backbone.tangent_weights(), header)
    return file


@pytest.fixture
def teacher(teacher_file, site):
    return SiTTeacher(SiTTeacherOptions(teacher_file), site)


@pytest.fixture
def batch():
    """(x, t, s, cond): seven rows, the null class among the labels."""
    rng = torch.Generator().manual_seed(3)
    x = torch.randn(7, *SPEC.shape, generator=rng)
    t, s = torch.rand(2, 7, generator=rng)
    label = torch.randint(0, SPEC.num_classes + 1, (7,), generator=rng)
    return x, t, s, Cond(label=label, guidance=1 + 2 * torch.rand(7, generator=rng))
