"""Other codes' words for an option, a component, a verb: each is told secantfw's own."""

import pytest

from secantfw.cli.main import main

GMM = "experiments/gmm_picard.toml"


@pytest.fixture
def said(monkeypatch, capsys):
    from pathlib import Path

    monkeypatch.chdir(Path(__file__).parents[2])

    def said(*words):
        assert main(list(words)) == 2
        found = capsys.readouterr()
        return found.out + found.err

    return said


@pytest.mark.plugin("basics", "data", "picard")
@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lr=1e-3", "unknown key 'lr'; did you mean train.learning_rate?"),
        ("train.lr=1e-3", "unknown option 'lr'; did you mean 'learning_rate'?"),
        ("train.grad_clip=1", "unknown option 'grad_clip'; did you mean 'clip_norm'?"),
        ("train.max_train_steps=1", "did you mean 'steps'?"),
        ("mixed_precision='bf16'", "did you mean train.precision?"),
    ],
)
def test_options(said, word, meant):
    assert meant in said("check", "--no-build", GMM, word)


@pytest.mark.plugin("basics", "data", "picard", "fid", "solvers", "edm")
@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ('metrics.use=["FID"]', "no metric named 'FID'; did you mean 'frechet'?"),
        ("solver.use=ddim", "no solver named 'ddim'; did you mean 'dpm_solver_pp'?"),
        ("backbone.use=unet", "no backbone named 'unet'; did you mean 'edm'?"),
    ],
)
def test_components(said, word, meant):
    assert meant in said("check", "--no-build", GMM, word)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("train", GMM), "no verb named 'train'; did you mean 'run'?"),
        (("generate", GMM), "no verb named 'generate'; did you mean 'sample'?"),
        (("run", "--config", GMM), "'--config'; the file stands alone: run FILE"),
        (("run", GMM, "--train.steps=50"), "'--train.steps=50'; write train.steps=50"),
        (("run", GMM, "--train.steps", "50"), "'--train.steps'; write train.steps=VALUE"),
    ],
)
def test_verbs_and_arguments(said, words, meant):
    assert meant in said(*words)
