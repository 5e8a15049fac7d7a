"""README's Python is executed as it stands, and what it made is held against the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import secantfw as framework
from secantfw.errors import UserError
from secantfw.evaluation.evaluation import Evaluation

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "sit")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    """The names that README's Python block leaves behind."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)
    folder = tmp_path_factory.mktemp("readme")
    (folder / "experiments").symlink_to(ROOT / "experiments")
    names: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(text, names)
        yield names


def test_the_run_shows_itself(readme):
    run = readme["run"]
    assert isinstance(run, framework.Run)
    assert run.outcome["status"] == "finished"
    assert run.metrics[-1]["step"] == run.experiment.train.steps
    assert isinstance(run.evaluation, Evaluation)
    shown = run._repr_html_()
    assert "NFE the student&#x27;s Frechet distance is" in shown
    assert 'alt="student-secant-004"' in shown
    assert "data:image/png;base64," in shown
    assert run.report.as_uri() in shown
    assert not any(p.requires_grad for p in run.student.parameters())
    assert run.teacher is not None


def test_the_samples_are_those_of_the_command_line(readme, secantfw, tmp_path):
    from PIL import Image

    run, samples = readme["run"], readme["samples"]
    assert secantfw("sample", run.directory, "--count", 70, "--out", tmp_path / "cli").code == 0
    again = framework.load(run.directory).sample(70)  # another compute block than 16 samples are
    assert torch.equal(again.x[: len(samples)], samples.x)
    for k in range(70):
        picture = np.asarray(Image.open(tmp_path / "cli" / f"{k:06d}.png"))
        assert np.array_equal(picture, again.pictures[k, ..., 0].numpy()), k
    assert again.labels[:12].tolist() == [*range(10), 0, 1]
    assert "data:image/png;base64," in samples._repr_html_()


def test_labels_and_guidance(readme, secantfw, tmp_path):
    run = readme["run"]
    plain, same = run.sample(12), run.sample(12, labels=[*range(10), 0, 1])
    assert torch.equal(plain.x, same.x)
    trousers = run.sample(12, labels=1)
    assert torch.equal(trousers.x[1], plain.x[1])
    assert not torch.equal(trousers.x[2], plain.x[2])
    assert trousers.labels.tolist() == [1] * 12
    guided = run.sample(4, guidance=2.0)
    assert torch.equal(guided.x, framework.load(run.directory, "guidance.scale=2.0").sample(4).x)
    assert torch.equal(guided.x, plain.x[:4])  # the scale that it was trained for
    for wrong in (
        {"labels": 11},
        {"labels": [1, 2]},
        {"labels": 0.5},
        {"guidance": -1.0},
        {"guidance": 1.5},
    ):
        with pytest.raises(UserError):
            run.sample(12, **wrong)
    with pytest.raises(UserError, match="n must be at least 1"):
        run.sample(0)


def test_measuring_again_rewrites_the_evaluation(readme):
    run = framework.load(readme["run"].directory)
    before = run.evaluation
    evaluation = run.evaluate("evaluate.nfe=[1]", "evaluate.samples=64")
    assert evaluation.budgets() == (1,)
    assert run.evaluation.budgets() == (1,)
    assert before.budgets() != (1,)
    with pytest.raises(UserError, match="samples is 0"):
        run.evaluate("evaluate.samples=0")
    with pytest.raises(UserError, match="a trained run keeps it"):
        run.evaluate("backbone.depth=1")


def test_what_is_no_run_is_refused_without_torch(tmp_path):
    code = (
        "import sys, secantfw; secantfw.Run; secantfw.Samples\n"
        "try: secantfw.load(sys.argv[1])\n"
        "except secantfw.UserError as error: assert 'not a run directory' in str(error)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
