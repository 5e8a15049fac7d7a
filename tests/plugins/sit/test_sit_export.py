"""A SiT run by diffusers' own DiTTransformer2DModel and FlowMapEulerDiscreteScheduler."""

import itertools

import pytest
import torch
from safetensors.torch import save_file
from secantfw_basics.paths.linear import Linear
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.formats.diffusers import DiffusersSiT
from secantfw_sit.formats.diffusers_time import at_any_time
from secantfw_sit.options import SiTOptions

from secantfw import BuildSite, Cond, DataSpec, Export, UserError, WeightsHeader

pytestmark = pytest.mark.plugin("sit", "basics")
TOLERANCE = 2e-6  # of the largest number
TOLD = {"guidance_embedding": "range", "guidance_range": (1.0, 3.0)}
SIZES = {"width": 64, "depth": 2, "heads": 4, "patch": 2}


def student(spec, **options):
    """A network with two unlike times and nothing that is zero."""
    torch.manual_seed(0)
    made = SiTBackbone(SiTOptions(**{**SIZES, **options}), BuildSite(spec, path=Linear()))
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if not name.endswith("pos_embed"):
                weight.add_(torch.randn_like(weight) * 0.1)
    return made.eval().requires_grad_(False)


def export(made, spec, folder, **asked):
    """Write the folder; returns what its README leaves behind when it starts at `x`."""
    header = WeightsHeader("", "sit:sit", made.network_options(), spec)
    found = DiffusersSiT().export(Export(made, header, **asked))
    save_file({k: v.clone().contiguous() for k, v in found.tensors.items()},
              folder / found.weights_name, metadata={"format": "pt"})  # fmt: skip
    for name, text in found.texts.items():
        (folder / name).write_text(text)
    return (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]


def run(code, folder, x):
    if not hasattr(pytest.importorskip("diffusers"), "FlowMapEulerDiscreteScheduler"):
        pytest.skip("a diffusers without flow maps")
    names = {"folder": str(folder), "start": x}
    lines = ["x = start" if line.startswith("x = torch.randn") else line
             for line in code.splitlines()]  # fmt: skip
    exec("\n".join(lines), names)
    return names["x"]


def times_of(steps):
    return tuple(1 - k / steps for k in range(steps + 1))


@torch.no_grad()
def close(found, expected):
    return float((found - expected).abs().max() / expected.abs().max()) < TOLERANCE


@pytest.mark.parametrize(
    ("steps", "classes", "options", "scales"),
    [
        (1, 10, {}, ()),
        (4, 10, {"learn_sigma": True}, ()),
        (4, 0, {}, ()),
        (7, 10, TOLD, (2.0,) * 5 + (1.0,) * 2),
        (50, 10, {}, ()),
    ],
    ids=["one-step", "learn-sigma", "no-classes", "told-scales", "fifty"],
)  # fmt: skip
def test_secants_in_a_fixed_number_of_steps(tmp_path, steps, classes, options, scales):
    spec, times = DataSpec((3, 8, 8), classes), times_of(steps)
    made = student(spec, **options)
    code = export(made, spec, tmp_path, times=times, scales=scales)
    x = start = torch.randn(8, 3, 8, 8)
    label = torch.arange(8) % classes if classes else None
    for k in range(steps):
        t, s = torch.full((8,), times[k]), torch.full((8,), times[k + 1])
        told = torch.full((8,), scales[k]) if scales else None
        x = x + (times[k + 1] - times[k]) * made(x, t, s, Cond(label, told))
    assert close(run(code, tmp_path, start), x)


@torch.no_grad()
def test_secants_in_steps_of_unequal_lengths(tmp_path):
    spec, times = DataSpec((3, 8, 8), 10), (1.0, 0.79, 0.475, 0.2, 0.0)
    made = student(spec)
    code = export(made, spec, tmp_path, times=times)
    x = start = torch.randn(8, 3, 8, 8)
    for t, s in itertools.pairwise(times):
        ends = torch.full((8,), t), torch.full((8,), s)
        x = x + (s - t) * made(x, *ends, Cond(torch.arange(8)))
    assert "of lengths of their own" in (tmp_path / "README.md").read_text()
    assert close(run(code, tmp_path, start), x)


def test_a_tangent_at_any_time(tmp_path):
    spec = DataSpec((1, 8, 8), 10)
    made = student(spec)
    made.network.s_embedder.load_state_dict(made.network.t_embedder.state_dict())
    code = export(made, spec, tmp_path)
    x = start = torch.randn(8, 1, 8, 8)
    for k in range(50):
        t = torch.full((8,), 1 - k / 50)
        x = x - made(x, t, t, Cond(torch.arange(8))) / 50
    assert close(run(code, tmp_path, start), x)


def test_the_time_embedding_is_the_same_function():
    diffusers = pytest.importorskip("diffusers.models.embeddings")
    embedder = student(DataSpec((1, 8, 8))).network.t_embedder
    theirs = diffusers.CombinedTimestepLabelEmbeddings(0, SIZES["width"])
    weights = at_any_time(embedder)
    theirs.timestep_embedder.load_state_dict({
        f"linear_{layer}.{kind}": weights[f"t_embedder.mlp.{place}.{kind}"]
        for layer, place in ((1, 0), (2, 2)) for kind in ("weight", "bias")
    })  # fmt: skip
    t = torch.rand(1000)
    found = theirs.timestep_embedder(theirs.time_proj(1000 * t))
    assert close(found, embedder(1 - t))


@pytest.mark.parametrize(
    ("options", "asked", "what"),
    [
        ({}, {}, "two times differently"),
        ({"mlp_ratio": 2.0}, {"times": times_of(4)}, "mlp_ratio = 2"),
        ({}, {"times": times_of(51)}, "51 steps"),
        ({}, {"times": (1.0, 0.5, 0.4999999, 0.0)}, "too close"),
    ],
)
def test_what_has_no_counterpart_is_refused_in_one_line(tmp_path, options, asked, what):
    spec = DataSpec((1, 8, 8), 10)
    with pytest.raises(UserError, match=what) as refused:
        export(student(spec, **options), spec, tmp_path, **asked)
    assert len(refused.value.lines()) == 1


def test_a_path_that_ends_early_is_refused(tmp_path):
    spec = DataSpec((1, 8, 8), 10)
    made = student(spec)
    made.path.t_min = 0.001
    with pytest.raises(UserError, match=r"from t = 1 to 0\.001"):
        export(made, spec, tmp_path, times=times_of(4))
