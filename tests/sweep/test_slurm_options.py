"""[sweep.slurm] and words of the command line, checked; the batch script they end in."""

import pytest

from secantfw.errors import ExperimentError, UserError
from secantfw.sweep.launchers import find_launcher
from secantfw.sweep.slurm_options import SlurmOptions
from secantfw.sweep.submitted import SlurmLauncher
from secantfw.sweep.sweep_file import read_sweep


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "small.toml").write_text("schema = 1\n")
    file = tmp_path / "sweep.toml"
    file.write_text('[sweep]\nexperiment = "small.toml"\n[sweep.slurm]\ntime = 60\nmem = 8\n')
    return file


def test_the_command_line_is_laid_over_the_file(sweep):
    plan = read_sweep(
        sweep, ["sweep.slurm.partition=gpu", "sweep.slurm.time=30", "sweep.processes=3"]
    )
    assert plan.processes == 3
    assert (plan.slurm.partition, plan.slurm.time, plan.slurm.mem) == ("gpu", 30, 8)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("sweep.slurm.partitoin=gpu", "did you mean 'partition'"),
        ("sweep.slurm.gpus=-1", ">= 0"),
        ('sweep.slurm.partition="a\\nrm -rf ~"', "expected one word"),
        ('sweep.slurm.extra=["qos=a b"]', "FLAG=WORD"),
        ('sweep.slurm.extra=["output=/dev/null"]', "set by another key"),
        ("sweep.slurm.save_seconds=3600", "less than time"),
    ],
)
def test_what_a_batch_script_must_not_hold_is_refused(sweep, word, said):
    with pytest.raises(ExperimentError, match=said):
        read_sweep(sweep, [word])


def test_the_batch_script_asks_for_what_was_said(tmp_path, monkeypatch):
    pytest.importorskip("submitit")
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    asked = SlurmOptions(partition="gpu", account="lab", gpus=2, cpus=8, mem=32, time=90,
                         extra=("qos=high", "exclusive"))  # fmt: skip
    executor = find_launcher("slurm")(1, asked).executor(tmp_path / "a folder")
    text = executor._make_submission_file_text("python -m x", "0")
    for line in ("partition=gpu", "account=lab", "time=90", "gpus-per-node=2", "cpus-per-task=8",
                 "mem=32GB", "qos=high", "exclusive", "requeue", "signal=USR2@120",
                 "open-mode=append"):  # fmt: skip
        assert f"#SBATCH --{line}\n" in text
    assert "srun --unbuffered" in text
    assert "--cpus-per-task=8 python -m x" in text


def test_without_slurm_it_says_so(monkeypatch):
    pytest.importorskip("submitit")
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(UserError, match="no sbatch and srun here"):
        SlurmLauncher(1, SlurmOptions())
