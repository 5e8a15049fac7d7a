"""The paper's CIFAR-10 recipes: what they lack, what they build, what a step of them costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from secantfw.assembly.build import build_experiment
from secantfw.checking.check_built import check_built
from secantfw.experiment.load import load
from secantfw.forecast.cost import step_cost
from secantfw.load_plugins import load_plugins

pytestmark = pytest.mark.plugin("edm", "data", "picard", "basics", "fid")
FOLDER = Path(__file__).parents[2] / "experiments" / "paper"
FILES = sorted(FOLDER.glob("edm_*.toml"))
LOSSES = {"sdei": "3F 1B", "stei": "4F 2B", "sdee": "3F 1B", "stee": "2F 1B"}
#: Published; the second time adds a copy of two layers to the student.
PARAMETERS = {"uncond": 55_733_891, "cond": 55_735_299}
SECOND_TIME = 128 * 512 + 512 + 512 * 512 + 512
#: What a newcomer has to get, by the key to set.
WANTED = {
    "teacher.weights": "https://nvlabs-fi-cdn.nvidia.com/edm/pretrained/edm-cifar10-32x32-",
    "dataset.folder": "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "metrics.use[0].weights": "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/",
    "metrics.use[0].statistics": "https://nvlabs-fi-cdn.nvidia.com/edm/fid-refs/cifar10-32x32.npz",
}
PLUGINS = load_plugins()


def test_there_is_a_recipe_for_every_network_loss_and_number_of_steps():
    expected = {
        f"edm_cifar10_{k}_{x}_{n}step" for k in PARAMETERS for x in LOSSES for n in (2, 4, 10)
    }
    assert {file.stem for file in FILES} == expected


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem.removeprefix("edm_cifar10_"))
def test_a_recipe_is_as_its_name_says_and_lacks_nothing_but_the_files(file):
    loaded = load(file, [], PLUGINS, without_files=True)
    assert loaded.warnings == ()
    missing = {problem.key: problem.what for problem in loaded.missing}
    assert missing.keys() == WANTED.keys()
    assert all(what in missing[key] for key, what in WANTED.items())
    (kind, loss, steps) = re.findall(r"10_(\w+)_(\w+)_(\d+)step", file.stem)[0]
    e = loaded.experiment
    assert f"-{kind}-vp.pkl" in missing["teacher.weights"]
    assert (e.loss.full_name, e.dataset.options.labels) == (f"picard:{loss}", kind == "cond")
    assert (e.train.batch_size, e.ema.halflife_images, e.ema.rampup_ratio) == (512, 5e5, 0.05)
    assert (e.augmentation.full_name, e.augmentation.options.p) == ("edm:edm", 0.12)
    assert not e.dataset.options.flips
    assert 50_000 <= e.train.steps <= 100_000
    assert e.time_sampler.options.segments == int(steps)
    keys = e.evaluate.keys
    assert (keys.nfe, keys.samples, keys.seeds) == ((int(steps),), 50_000, (0, 1, 2))


@pytest.mark.parametrize(
    ("kind", "loss"), [("uncond", "sdei"), ("cond", "stei"), ("cond", "sdee"), ("uncond", "stee")]
)
def test_a_training_step_on_the_meta_device(kind, loss):
    file = FOLDER / f"edm_cifar10_{kind}_{loss}_4step.toml"
    loaded = load(file, ["train.batch_size=2"], PLUGINS, without_files=True)
    built = build_experiment(loaded.experiment, torch.device("meta"), without_files=True)
    assert check_built(built) == []
    assert built.dataset.spec.num_classes == (10 if kind == "cond" else 0)
    assert built.teacher.num_parameters() == PARAMETERS[kind]
    student = sum(p.numel() for p in built.student.parameters())
    assert student == PARAMETERS[kind] + SECOND_TIME
    assert built.student.design.architecture.dropout == 0.13
    cost = step_cost(built)
    assert cost.evaluations == LOSSES[loss]
    forwards, backwards = int(LOSSES[loss][0]), int(LOSSES[loss][3])
    assert cost.flops == pytest.approx((forwards + 2 * backwards) * 2 * 42.4e9, rel=0.02)


def test_check_says_what_is_missing_and_builds_the_published_network(secantfw):
    said = secantfw("check", FOLDER / "edm_cifar10_cond_sdei_10step.toml")
    assert said.code == 2
    *missing, last = said.out.splitlines()
    assert len(missing) == len(WANTED)
    assert all(
        re.match(r"\S+edm_cifar10\w*\.toml:\d+: \S+: set this to", line) for line in missing
    )
    assert "teacher 55,735,299 parameters" in last
    assert "data (3, 32, 32) with 10 classes" in last


def test_check_says_that_a_folder_is_empty_beside_what_else_is_missing(secantfw, tmp_path):
    said = secantfw("check", FILES[0], f"dataset.folder={tmp_path}")
    assert said.code == 2
    assert len(said.out.splitlines()) == len(WANTED)
    what = f"dataset: {re.escape(str(tmp_path))}: CIFAR-10 is not in it; download https://"
    assert re.search(rf"edm_cifar10\w*\.toml:\d+: {what}", said.out)
