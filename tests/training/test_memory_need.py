"""`check` says how much memory a step needs, or why that is not known."""

from __future__ import annotations

import re
import shutil

import pytest
from small_experiment import only_run, weights, write

from secantfw.forecast.memory_need import memory_need
from secantfw.parallel.processes import processes_of

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")
LOSS = """
import secantfw
from secantfw import LossTerms, SecantLoss, TimesNeed


class Reads(SecantLoss):
    def times_needed(self):
        return TimesNeed()

    def __call__(self, ctx, batch, times):
        f = ctx.student(batch.x_0, times.t, times.s, batch.cond, grad=True)
        return LossTerms(f.flatten(1).mean(1) * float(f.detach().max()))


@secantfw.hookimpl
def secantfw_components(register):
    register.loss("reads", "reads_loss:Reads")
"""


def _said(secantfw, file, *words):
    checked = secantfw("check", file, *words)
    assert checked.code == 0, checked.out
    assert checked.out.splitlines()[-1].startswith(f"{file}: OK: ")
    return next(line for line in checked.out.splitlines() if "a step" in line)


def test_more_rows_need_more_and_pieces_less(secantfw, tmp_path):
    file = write(tmp_path)

    def gigabytes(*words):
        return float(re.search(r"about ([\d.]+) GB", _said(secantfw, file, *words))[1])

    assert gigabytes("train.batch_size=1000000") > 2 * gigabytes()
    assert gigabytes("train.batch_size=1000000", "train.micro_batch_size=64") == gigabytes()


TOO_LITTLE = (
    r"train.batch_size: a step of 100000000 rows: about [\d.]+ GB of memory needed on cpu, "
    r"[\d.]+ GB available; lower train.batch_size or train.micro_batch_size; `run "
    r"--force` tries it all the same\n"
)


def test_too_little_is_a_problem_and_refused_before_training(secantfw, tmp_path, monkeypatch):
    monkeypatch.setattr("secantfw.training.train_run.train", None)  # else it takes all there is
    file, large = write(tmp_path), "train.batch_size=100000000"
    checked = secantfw("check", file, large)
    assert checked.code == 2
    assert re.fullmatch(f"command line: {TOO_LITTLE}", checked.out)
    ran = secantfw("run", file, large, "--out", tmp_path / "runs")
    assert ran.code == 2
    assert re.search(f"\nsecantfw: error: command line: {TOO_LITTLE}$", ran.err)
    assert not (tmp_path / "runs").exists()


def test_too_little_for_pieces_names_their_key(secantfw, tmp_path):
    words = ("train.batch_size=100000000", "train.micro_batch_size=50000000")
    assert (
        "train.micro_batch_size: a step of 50000000"
        in secantfw("check", write(tmp_path), *words).out
    )


@pytest.fixture
def no_memory(monkeypatch):
    monkeypatch.setattr("secantfw.forecast.memory_check.available_bytes", lambda device: 0)


def unfinished(out):
    """The run below `out`, as if it had been killed after its checkpoint at step 8."""
    run = only_run(out)
    (run / "outcome.json").unlink()
    shutil.rmtree(run / "checkpoints" / "step-000012")
    return run


def test_a_run_is_forced_and_resumed_where_memory_is_too_small(secantfw, tmp_path, no_memory):
    file, out = write(tmp_path), tmp_path / "runs"
    assert secantfw("run", file, "--out", out).code == 2
    assert secantfw("run", file, "--out", out, "--force").code == 0
    straight, run = weights(only_run(out)), unfinished(out)
    refused = secantfw("run", "--resume", run)
    assert refused.code == 2
    assert "GB available; lower train.batch_size" in refused.err
    assert not (run / "outcome.json").exists()
    assert secantfw("run", "--resume", run, "--force").code == 0
    assert weights(run) == straight


def test_counting_on_the_meta_device_changes_no_number_of_the_run(secantfw, tmp_path, monkeypatch):
    file = write(tmp_path)
    assert secantfw("run", file, "--out", tmp_path / "bound").code == 0
    counted = []

    def count(*args, **kwargs):
        counted.append(memory_need(*args, **kwargs))
        return counted[-1]

    monkeypatch.setattr("secantfw.forecast.memory_check.memory_need", count)
    monkeypatch.setattr("secantfw.forecast.memory_check._SAFETY", 1e12)
    assert secantfw("run", file, "--out", tmp_path / "counted").code == 0
    assert len(counted) == 1
    first, second = (only_run(tmp_path / name) for name in ("bound", "counted"))
    assert weights(first) == weights(second)


def test_a_step_that_fits_by_far_is_not_counted_on_meta(secantfw, tmp_path, monkeypatch):
    def count(*args, **kwargs):
        raise AssertionError

    monkeypatch.setattr("secantfw.forecast.memory_check._counted", count)
    assert secantfw("run", write(tmp_path), "--out", tmp_path / "runs").code == 0


def test_processes_of_one_machine_share_its_memory(monkeypatch):
    environment = {"RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "a", "MASTER_PORT": "1"}
    assert processes_of(environment).local_size == 1
    assert processes_of({**environment, "LOCAL_WORLD_SIZE": "2"}).local_size == 2


def test_a_gpu_that_is_not_here_has_an_unknown_amount(secantfw, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    said = _said(secantfw, write(tmp_path), "train.device=cuda")
    assert "needed on cuda, an unknown amount available" in said


def test_a_loss_that_reads_values_leaves_it_unknown(secantfw, tmp_path):
    (tmp_path / "reads_loss.py").write_text(LOSS)
    file = write(tmp_path)
    text = file.read_text().replace('"sdei"', '"reads"')
    file.write_text(text.replace("seed = 3", 'seed = 3\nlocal_plugins = ["reads_loss.py"]'))
    assert "the memory of a step is not known: " in _said(secantfw, file)
