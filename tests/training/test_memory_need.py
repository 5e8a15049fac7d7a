"""`check` says how much memory a step needs, or why that is not known."""

from __future__ import annotations

import re

import pytest
from small_experiment import write

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


def test_too_little_is_said_with_what_to_do(secantfw, tmp_path):
    said = _said(secantfw, write(tmp_path), "train.batch_size=1000000000")
    assert "a step of 1000000000 rows: about" in said
    assert "lower train.batch_size" in said


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
