"""A loss that asks for impossible times is refused before the run, in one line."""

from __future__ import annotations

import pytest

from secantfw import TimesNeed

LOSS = """
import attrs
import secantfw
from secantfw import LossTerms, SecantLoss, TimesNeed


@attrs.frozen
class Odd(SecantLoss):
    def times_needed(self):
        return TimesNeed({need})

    def __call__(self, ctx, batch, times):
        return LossTerms(batch.x_0.flatten(1).mean(1))


@secantfw.hookimpl
def secantfw_components(register):
    register.loss("odd", "odd_loss:Odd")
"""


@pytest.mark.parametrize("wrong", [{"law": "mirrored"}, {"draws": -1}, {"draws": "2"}])
def test_a_need_that_no_sampler_can_meet_is_refused(wrong):
    with pytest.raises(ValueError, match="TimesNeed"):
        TimesNeed(**wrong)


@pytest.mark.plugin("basics", "data", "fid")
@pytest.mark.parametrize(
    ("need", "said"), [("law='mirrored'", "'antithetic'"), ("drws=1", "times_needed: TypeError")]
)
def test_check_names_it(secantfw, experiments, tmp_path, need, said):
    (tmp_path / "odd_loss.py").write_text(LOSS.replace("{need}", need))
    (tmp_path / "odd.toml").write_text(
        f'schema = 1\ntitle = "odd"\nextends = "{experiments / "gmm_picard.toml"}"\n'
        'local_plugins = ["odd_loss.py"]\n[loss]\nuse = "odd"\n'
    )
    checked = secantfw("check", tmp_path / "odd.toml")
    assert checked.code == 2
    assert said in checked.out
    assert "odd.toml:6: loss.use: odd_loss:odd" in checked.out
