"""A student that starts from a network of augment_dim = 9 is told how its pictures were moved."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_edm.augment.draws import GeneratorDraws
from secantfw_edm.augment.pipe import augmented
from secantfw_edm.backbone import EDMBackbone
from secantfw_edm.options import AugmentOptions, EDMOptions

from secantfw import BuildSite, DataSpec, WeightsHeader, save_weights
from secantfw.experiment.load import load
from secantfw.plugin.loader import load_plugins
from secantfw.training.run import prepare

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
augment.p = 0.5
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


def test_the_labels_are_those_of_the_pipe_step_by_step_and_the_teachers_weights_read_them(file):
    plugins = load_plugins()
    run = prepare(load(file, [], plugins), plugins)
    model, teacher = run.built.student.model, run.built.teacher.weights()
    assert torch.equal(model.map_augment.weight, teacher["map_augment.weight"])
    told, seen = [], []
    model.map_augment.register_forward_hook(lambda module, inputs, out: told.append(inputs[0]))
    model.register_forward_hook(lambda module, inputs, out: seen.append(inputs[0]))
    before = model.map_augment.weight.clone()
    for step in range(2):
        run.ctx.step = step
        batch, rng = run.source.batch(step), run.source.streams.at("times", step)
        need = run.built.loss.times_needed()
        times = run.built.time_sampler.sample(32, need, run.built.path, rng, 0.0)
        run.update(step, run.built.loss(run.ctx, batch, times).per_sample.mean())
        draws = GeneratorDraws(run.ctx.fork_rng("augment"))
        expected = augmented(batch.x_0, AugmentOptions(p=0.5), draws)
        assert torch.equal(told[-1], expected.labels)
        moved = expected.images.flatten(1) - batch.x_0.flatten(1)
        assert torch.equal(moved.abs().amax(1) > 0, expected.labels.abs().sum(1) > 0)
        # What the network sees is c_in x_t, made of the moved pictures.
        x_t = (1 - times.t)[:, None] * expected.images.flatten(1) + times.t[:, None] * (
            batch.z.flatten(1)
        )
        scale = (times.t**2 + 0.25 * (1 - times.t) ** 2).sqrt()[:, None]
        torch.testing.assert_close(seen[-1].flatten(1), x_t / scale, rtol=1e-4, atol=1e-4)
    assert not torch.equal(told[0], told[-1])
    assert not torch.equal(model.map_augment.weight, before)
