"""One seed, one start: also of what a student has and its teacher's weights have not."""

from pathlib import Path

import pytest
import torch

from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.training.job import prepare

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.mark.plugin("basics", "data", "fid", "picard", "sit", "edm")
@pytest.mark.parametrize("name", ["sit_picard", "edm_4step"])
def test_a_student_that_is_told_a_scale_starts_by_the_seed_alone(name):
    """Its embedder is drawn when the teacher's weights are taken, whatever was drawn before."""

    def start(disturbed_by: int, *overrides: str) -> dict[str, torch.Tensor]:
        torch.manual_seed(disturbed_by)
        plugins = load_plugins()
        words = ['train.device="cpu"', "evaluate.samples=0", *overrides]
        job = prepare(load(EXPERIMENTS / f"{name}.toml", words, plugins), plugins)
        return job.built.student.state_dict()

    one, same, other = start(1), start(2), start(2, "seed=1")
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)
