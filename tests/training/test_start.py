"""The start of a run: a student with the teacher's weights equals it at s = t, or says why not."""

import json
import shutil

import pytest
import torch

from secantfw import WeightsHeader, load_weights, save_weights

pytestmark = pytest.mark.plugin("basics", "data", "picard")

#: A teacher with weights for `mlp`, and students that err in one way each.
LOCAL = """
import attrs
import torch
import secantfw
from secantfw import Backbone, Teacher, option
from secantfw_basics.mlp.backbone import MLPBackbone
from secantfw_basics.options import MLPOptions


@attrs.frozen
class FixedOptions:
    weights: str = option("w.safetensors", "a file", is_path=True)


class FixedTeacher(Teacher):
    def __init__(self, options, site):
        self.path = site.path
        torch.manual_seed(0)
        self.net = MLPBackbone(MLPOptions(width=16, depth=1), site)
        with torch.no_grad():
            for p in self.net.parameters():
                p.normal_(std=0.3)
        self.net.network.share_time()
        self.net.requires_grad_(False)

    def velocity(self, x, t, cond):
        return self.net(x, t, t, secantfw.Cond(cond.label))

    def to(self, device):
        return self

    def weights(self):
        return self.net.tangent_weights()

    def num_parameters(self):
        return 1


class Student(Backbone):
    def __init__(self, site):
        super().__init__()
        self.path, self.inner = site.path, MLPBackbone(MLPOptions(width=16, depth=1), site)
        self.supports = self.inner.supports

    def forward(self, x, t, s, cond):
        return self.inner(x, t, s, cond) + FORWARD

    def load_tangent(self, weights):
        report = self.inner.load_tangent(weights)
        with torch.no_grad():
            LOAD
        return report

    def tangent_weights(self):
        return self.inner.tangent_weights()

    def network_options(self):
        return {}

    start_tolerance = TOLERANCE


@secantfw.hookimpl
def secantfw_components(register):
    register.teacher("fixed", "own:FixedTeacher", options="own:FixedOptions")
    register.backbone("own", "own:Student")
"""
TOML = """
schema = 1
title = "start"
local_plugins = ["own.py"]
[dataset]
use = "gaussian_mixture"
size = 64
labels = true
[teacher]
use = "own:fixed"
weights = "w.safetensors"
[backbone]
use = "own:own"
init = "teacher"
[guidance]
range = [1.0, 3.0]
[loss]
use = "sdei"
[time_sampler]
use = "segments"
[train]
steps = 1
batch_size = 4
[evaluate]
samples = 0
[metrics]
use = []
"""


@pytest.fixture
def start(secantfw, tmp_path):
    """start(forward=..., load=..., tolerance=...) -> what the run said, and its plan."""

    def run(*overrides, forward="0", load="pass", tolerance="0.0"):
        source = LOCAL.replace("FORWARD", forward).replace("LOAD", load)
        (tmp_path / "own.py").write_text(source.replace("TOLERANCE", tolerance))
        header = WeightsHeader("", component="own:fixed")
        save_weights(tmp_path / "w.safetensors", {"none": torch.zeros(1)}, header)
        (tmp_path / "start.toml").write_text(TOML)
        out = tmp_path / "runs"
        said = secantfw("run", tmp_path / "start.toml", "--out", out, *overrides)
        plans = [json.loads(p.read_text()) for p in out.glob("*/*/plan.json")]
        return said, plans[0]["start"] if plans else None

    return run


def test_the_plan_says_bit_for_bit(start):
    said, plan = start()
    assert plan == "teacher's weights, f(x, t, t) = v(x, t) bit for bit"
    assert plan in said.err


def test_from_scratch_is_said_and_not_checked(start):
    assert start('backbone.init="scratch"', forward="1.0")[1] == "from scratch"


@pytest.mark.parametrize(
    "wrong",
    [
        {"forward": "1e-6 * t[:, None]"},  # an ulp or two: not bit for bit
        {"forward": "torch.where(t[:, None] == t.max(), 1.0, 0.0)"},  # at the end of time alone
        {"load": "self.inner.network.s_embedder.mlp[2].bias[0] += 1"},  # no copy
        {"load": "self.inner.network.guidance_embedder.mlp[2].bias += 1"},  # a scale has effect
        {"load": "self.inner.network.label_embedder.weight[-1] += 1"},  # the null class alone
        {"forward": "float('nan')"},
    ],
    ids=["rounding", "t_max", "second time", "guidance", "null class", "nan"],
)
def test_a_student_that_starts_elsewhere_is_refused_before_anything_is_written(
    start, tmp_path, wrong
):
    said, plan = start(**wrong)
    assert said.code == 2
    assert plan is None
    assert "f(x, t, t) differs from v(x, t) by up to " in said.err
    assert said.err.count("error") == 1
    assert not (tmp_path / "runs").exists()


def test_a_backbone_may_declare_its_rounding_or_another_meaning(start):
    assert start(forward="1e-6", tolerance="1e-4")[1].startswith(
        "teacher's weights, f(x, t, t) = v(x, t) to "
    )


def test_a_backbone_whose_f_at_s_equal_t_means_something_else_says_so(start):
    said = "teacher's weights; own:own says that its f(x, t, t) is not v(x, t)"
    assert start(forward="1.0", tolerance="None")[1] == said


@pytest.fixture
def exported(secantfw, tmp_path):
    """exported(*options) -> the weights of a run, as `secantfw export` writes them."""

    def run(*options):
        (found,) = (tmp_path / "runs").glob("start/*")
        file = tmp_path / "exported.safetensors"
        assert secantfw("export", found, "--out", file, "--live", *options).code == 0
        return file

    return run


def test_a_student_may_start_from_two_time_weights_of_its_own(start, exported, secantfw, tmp_path):
    start()
    file, toml = exported(), tmp_path / "start.toml"
    mine = f"backbone.weights={file}"
    assert "'teacher', and backbone.weights is given" in secantfw("run", toml, mine).err
    own = (mine, 'backbone.init="weights"', "train.learning_rate=1e-30")
    assert secantfw("run", toml, *own, "--out", tmp_path / "again").code == 0
    (again,) = (tmp_path / "again").glob("start/*")
    assert json.loads((again / "plan.json").read_text())["start"] == (
        "two-time weights of exported.safetensors"
    )
    assert secantfw("check", again / "resolved.toml").code == 0
    secantfw("export", again, "--out", tmp_path / "b.safetensors", "--live")
    before, after = load_weights(file), load_weights(tmp_path / "b.safetensors")
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_student_may_start_from_one_time_weights_of_its_own(start, exported, tmp_path):
    start("train.learning_rate=1e-30")
    file = exported("--tangent")
    other = tmp_path / "alone.safetensors"
    file.rename(other)
    for old in (tmp_path / "runs").glob("*"):
        shutil.rmtree(old)
    said, plan = start(f"backbone.weights={other}", 'backbone.init="weights"')
    assert plan == "one-time weights of alone.safetensors", said.err
