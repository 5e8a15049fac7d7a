"""A student that starts from a network of augment_dim = 9 is told how its pictures were moved."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_edm.augment.pipe import EDMAugmentation
from secantfw_edm.backbone import EDMBackbone
from secantfw_edm.options import AugmentOptions, EDMOptions

from secantfw import BuildSite, Cond, DataSpec, RowDraws, WeightsHeader, save_weights
from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.training.job import prepare

pytestmark = pytest.mark.plugin("basics", "data", "edm")
SPEC = DataSpec((1, 16, 16), num_classes=10)
TOML = """
schema = 1
[dataset]
use = "fashion16"
[teacher]
use = "edm"
weights = "teacher.safetensors"
[backbone]
use = "edm"
[loss]
use = "denoising"
[augmentation]
use = "edm"
p = 0.5
[time_sampler]
use = "noise_levels"
[train]
steps = 10
batch_size = 32
[evaluate]
samples = 0
"""


@pytest.fixture
def file(tmp_path):
    """An experiment and its teacher's weights, each of them random: no zero hides anything."""
    torch.manual_seed(0)
    sizes = EDMOptions(
        model_channels=8, channel_mult=(1, 2), num_blocks=1, attn_resolutions=(), augment_dim=9,
        dropout=0.0,
    )  # fmt: skip
    network = EDMBackbone(sizes, BuildSite(SPEC, Linear()))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    second = {f"map_layer{i}_s." for i in (0, 1)}
    weights = {k: v for k, v in network.model.state_dict().items() if k[:13] not in second}
    header = WeightsHeader("", "edm:edm", network.network_options(), SPEC)
    save_weights(str(tmp_path / "teacher.safetensors"), weights, header)
    (tmp_path / "tune.toml").write_text(TOML)
    return tmp_path / "tune.toml"


LOSSES = ("denoising", "sdei", "stei", "sdee", "stee")


@pytest.mark.plugin("picard")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("more", [[], ["guidance.range=[1.0, 2.0]"]], ids=["plain", "guided"])
def test_student_and_teacher_are_told_what_the_pipe_did_in_every_call(file, loss, more):
    times = "noise_levels" if loss == "denoising" else "continuous"
    more = [*more, f'loss.use="{loss}"', f'time_sampler.use="{times}"']
    if loss in ("sdee", "stee"):
        more.append('time_sampler.direction="both"')
    plugins = load_plugins()
    run = prepare(load(file, more, plugins), plugins)
    built, told = run.built, []
    for network in (built.student.model, built.teacher.network):
        network.register_forward_hook(lambda module, inputs, out: told.append(inputs[2].augment))
    for step in range(2):
        told.clear()
        run.ctx.step = step
        batch, need = run.source.batch(step), built.loss.times_needed()
        rng = run.source.streams.at("times", step)
        built.loss(run.ctx, batch, built.time_sampler.sample(32, need, built.path, rng, 0.0))
        raw = built.dataset.items("train", batch.index).x_0
        draws = RowDraws(run.source.streams.at("augment", step), 32)
        expected = EDMAugmentation(AugmentOptions(p=0.5))(raw, draws)
        assert torch.equal(batch.x_0, expected.x_0)
        moved = (batch.x_0 - raw).flatten(1).abs().amax(1) > 1e-3
        assert torch.equal(moved, expected.told.any(1))
        assert told
        assert all(torch.equal(part, expected.told) for one in told for part in one.split(32))


def test_what_the_student_is_told_has_an_effect_that_is_learnt(file):
    plugins = load_plugins()
    run = prepare(load(file, [], plugins), plugins)
    student, teacher = run.built.student, run.built.teacher.weights()
    before = student.model.map_augment.weight.clone()
    assert torch.equal(before, teacher["map_augment.weight"])
    batch, rng = run.source.batch(0), run.source.streams.at("times", 0)
    times = run.built.time_sampler.sample(
        32, run.built.loss.times_needed(), student.path, rng, 0.0
    )
    run.update(0, run.built.loss(run.ctx, batch, times).per_sample.mean())
    assert not torch.equal(student.model.map_augment.weight, before)


def test_to_be_told_nothing_is_to_be_told_zeros_as_in_sampling(file):
    plugins = load_plugins()
    built = prepare(load(file, [], plugins), plugins).built
    x, t, label = torch.randn(3, 1, 16, 16), torch.full((3,), 0.4), torch.arange(3)
    nothing, zeros = Cond(label), Cond(label, augment=torch.zeros(3, 9))
    moved = Cond(label, augment=torch.ones(3, 9))
    for network in (
        lambda c: built.student.eval()(x, t, t, c),
        partial(built.teacher.velocity, x, t),
    ):
        assert torch.equal(network(nothing), network(zeros))
        assert not torch.equal(network(nothing), network(moved))


def test_a_network_that_cannot_be_told_is_refused_by_check(file, secantfw):
    done = secantfw("check", file, 'backbone.init="scratch"', "backbone.augment_dim=0")
    assert done.code == 2
    assert "the augmentation has 9 numbers, and the network is told 0" in done.out
    few = secantfw("check", file, "augmentation.scale=0")
    assert few.code == 2
    assert "the augmentation has 8 numbers, and the network is told 9" in few.out


def test_data_that_are_no_pictures_are_refused_by_check(file, secantfw):
    (file.parent / "plane.toml").write_text(
        """
schema = 1
dataset.use = "gaussian_mixture"
augmentation.use = "edm"
backbone.use = "mlp"
loss.use = "stee"
time_sampler = { use = "continuous", direction = "both" }
train = { steps = 1, batch_size = 4 }
"""
    )
    done = secantfw("check", file.parent / "plane.toml")
    assert done.code == 2
    assert done.out.splitlines() == [
        f"{file.parent / 'plane.toml'}:4: augmentation.use: needs images (C, H, W), got data of "
        "shape (2,)"
    ]
