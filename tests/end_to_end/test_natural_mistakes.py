"""Ten mistakes that everybody makes once: each is one line that names the mend."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from secantfw import DataSpec, WeightsHeader, save_weights

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "sit")

TOML = """\
schema = 1
title = "small"
[dataset]
use = "gaussian_mixture"
size = 200
labels = true
[teacher]
use = "gaussian_mixture"
labels = true
[backbone]
use = "mlp"
width = 16
depth = 1
[loss]
use = "sdei"
[time_sampler]
use = "segments"
segments = 2
[guidance]
range = [1.0, 2.0]
[train]
steps = 4
batch_size = 16
save_every_steps = 2
[evaluate]
samples = 8
nfe = [2]
reference_steps = 2
[metrics]
use = ["trajectory"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The experiment, a run of it, and two weights files."""
    from secantfw.cli.main import main

    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "small.toml").write_text(TOML)
    assert main(["run", str(folder / "small.toml"), "--out", str(folder / "runs")]) == 0
    (run,) = folder.glob("runs/small/*")
    run.rename(folder / "run")
    file = str(folder / "student.safetensors")
    assert main(["export", str(folder / "run"), "--out", file]) == 0
    header = WeightsHeader("", "sit:sit", {"width": 128}, DataSpec((1, 16, 16), 1000))
    save_weights(folder / "imagenet.safetensors", {"w": torch.zeros(2)}, header)
    return folder


@pytest.fixture
def refused(secantfw, folder, monkeypatch):
    """`refused(words)`: what the command says in its one line, ending with exit code 2."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    def call(*words):
        done = secantfw(*words)
        assert done.code == 2, done.err
        assert "Traceback" not in done.err
        said = (done.out + done.err).splitlines()
        # A run says what it would train, title and table, before it builds that.
        lines = [line for line in said if line != "small" and not line.startswith("  ")]
        assert len(lines) == 1, lines
        assert not (folder / "out").exists()
        return lines[0].removeprefix("secantfw: error: ").replace(f"{folder}/", "")

    return call


def both(refused, *words):
    """What `check` and `run` say alike."""
    checked = refused("check", "small.toml", *words)
    assert refused("run", "small.toml", *words, "--out", "out") == checked
    return checked


def test_the_checkpoint_of_another_network(refused):
    words = ("backbone.weights='student.safetensors'", "backbone.width=32")
    assert both(refused, *words) == (
        "command line: backbone.weights: student.safetensors: network.blocks.0.inner.bias is "
        "(16,) there and (32,) in [backbone], and 24 more differ; set width = 16 in [backbone]"
    )


def test_a_checkpoint_that_is_not_there(refused):
    assert refused("run", "--resume", "run/checkpoints/step-000099") == (
        "run/checkpoints/step-000099: not a run directory (no resolved.toml); did you mean run?"
    )
    words = ("backbone.weights='studnet.safetensors'", "backbone.init=weights")
    assert refused("run", "small.toml", *words, "--out", "out") == (
        "command line: backbone.weights: no such file: 'studnet.safetensors' (looked for "
        "'studnet.safetensors')"
    )


def test_a_guidance_scale_outside_the_trained_range(refused):
    said = "lies outside the range [1.0, 2.0] the student is told in training"
    assert both(refused, "guidance.scale=3.0") == f"command line: guidance.scale: 3.0 {said}"
    assert refused("sample", "run", "guidance.scale=3.0", "--out", "out") == (
        f"command line: guidance.scale: 3.0 {said}"
    )
    assert refused("evaluate", "run", "--guidance", "1.0,4.0") == (
        f"command line: evaluate.guidance: 4.0 {said}"
    )


def test_a_gpu_that_is_not_there(refused):
    said = (
        "command line: train.device: 'cuda' was asked for, and this machine has no CUDA device; "
        "take 'auto' or 'cpu'"
    )
    assert refused("run", "small.toml", "train.device=cuda", "--out", "out") == said
    assert refused("sample", "run", "train.device=cuda", "--out", "out") == said


@pytest.mark.parametrize(
    ("place", "mend"),
    [
        (".", "did you mean run?"),
        ("run/checkpoints", "did you mean run?"),
        ("small.toml", "make one with: secantfw run small.toml"),
        (
            "nowhere",
            "expected what `secantfw run` printed as run directory, such as runs/NAME/DATE",
        ),
    ],
)
def test_a_folder_that_is_no_run(refused, place, mend):
    said = f"{place}: not a run directory (no resolved.toml); {mend}"
    for words in (("sample", place, "--out", "out"), ("evaluate", place)):
        assert refused(*words) == said
    assert refused("export", place, "--out", "out") == said


def test_a_batch_that_does_not_fit_into_memory(refused, monkeypatch):
    monkeypatch.setattr("secantfw.training.train_run.train", None)  # else it takes all there is
    said = both_but_for_numbers(refused, "train.batch_size=100000000")
    assert said.startswith("command line: train.batch_size: a step of 100000000 rows: about ")
    assert said.endswith(
        "lower train.batch_size or train.micro_batch_size; `run --force` tries it all the same"
    )


def both_but_for_numbers(refused, word):
    """Memory that is free changes from one command to the next."""
    checked = refused("check", "small.toml", word)
    ran = refused("run", "small.toml", word, "--out", "out")
    assert ran.partition("about")[0] == checked.partition("about")[0]
    assert ran.partition("available")[2] == checked.partition("available")[2]
    return ran


def test_another_number_of_steps_than_trained(secantfw, folder, tmp_path):
    done = secantfw("sample", folder / "run", "--steps", 4, "--count", 2, "--out", tmp_path / "s")
    assert done.code == 0
    assert done.err == (
        "secantfw: warning: 4 steps, and this student was trained for 2 "
        "(time_sampler.segments = 2)\n"
    )


def test_an_edited_run_that_is_resumed(refused, folder):
    run = folder / "edited"
    shutil.copytree(folder / "run", run)
    (run / "outcome.json").unlink()
    text = (run / "resolved.toml").read_text()
    (run / "resolved.toml").write_text(text.replace("batch_size = 16 ", "batch_size = 8 ", 1))
    try:
        assert refused("run", "--resume", "edited") == (
            "edited: the experiment is not that of step-000004: train.batch_size: 16 -> 8; allow "
            "it with --allow-change train.batch_size"
        )
    finally:
        shutil.rmtree(run)
    assert refused("run", "small.toml", "--resume", "run") == (
        "run: --resume takes the experiment from the run; leave FILE out"
    )
    assert json.loads((folder / "run" / "outcome.json").read_text())["status"] == "finished"


def test_a_teacher_of_other_classes(refused):
    assert both(refused, "dataset.components=4") == (
        "small.toml:7: teacher: teacher gaussian_mixture: 8 components are its classes, and the "
        "data have 4; give both the same mixture"
    )
    words = ("dataset.use=fashion16", "teacher.use=sit", "teacher.weights='imagenet.safetensors'")
    words += ("backbone.use=sit", "backbone.size='tiny/4'")
    assert both(refused, *words) == (
        "command line: teacher.weights: imagenet.safetensors was trained on data (1, 16, 16) with "
        "1000 classes; [dataset] gives (1, 16, 16) with 10: name the weights of these data, or "
        "the data of the weights"
    )


def test_guidance_by_a_null_class_that_nobody_trains(refused, folder):
    text = TOML.replace("[guidance]\nrange = [1.0, 2.0]\n", "")
    (folder / "small_scratch.toml").write_text(text)
    words = ("small_scratch.toml", "backbone.init=scratch", "guidance.scale=1.5")
    said = refused("check", *words)
    assert said == refused("run", *words, "--out", "out")
    assert said == (
        "command line: guidance.scale: 1.5 asks the student for its null class, which is never "
        "trained; train with guidance.label_dropout = 0.1, or with a teacher and a guidance.range"
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("train.stpes=3", "train.stpes: unknown option 'stpes'; did you mean 'steps'?"),
        ("steps=3", "steps: unknown key 'steps'; did you mean train.steps?"),
        ("loss.use=sdie", "loss.use: no loss named 'sdie'; did you mean 'sdei'?"),
        ("solver.use=eular", "solver.use: no solver named 'eular'; did you mean 'euler'?"),
        ("tarin.steps=3", "tarin: unknown key 'tarin'; did you mean 'train'?"),
    ],
)
def test_a_word_that_nobody_knows(refused, word, said):
    assert both(refused, word) == f"command line: {said}"


def test_a_word_that_nobody_knows_on_the_command_line(refused):
    assert refused("rnu", "small.toml") == "no verb named 'rnu'; did you mean 'run'?"
    assert refused("run", "small.toml", "--ressume", "run") == (
        "run: unrecognized argument '--ressume'; did you mean '--resume'?"
    )
    assert refused("run", "smal.toml") == "smal.toml: no such file"
    assert refused("sample", "run", "guidance.scal=1.5", "--out", "out") == (
        "command line: guidance.scal: a trained run keeps it; did you mean 'guidance.scale'?"
    )
    assert refused("evaluate", "run", "evaluate.sampels=1") == (
        "command line: evaluate.sampels: unknown option 'sampels'; did you mean 'samples'?"
    )
