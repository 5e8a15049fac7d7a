"""`check` warns where a student is sampled on another grid of times than it is trained on."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.plugin("basics", "data", "edm", "picard")
TOML = """
schema = 1
[dataset]
use = "gaussian_mixture"
[teacher]
use = "gaussian_mixture"
[backbone]
use = "mlp"
width = 8
depth = 1
[loss]
use = "sdei"
[time_sampler]
use = "segments"
[solver]
use = "secant"
[train]
steps = 1
batch_size = 2
[evaluate]
samples = 4
nfe = [1]
solvers = [{ use = "secant" }, "heun"]
[metrics]
use = []
"""
LOGIT = ["time_sampler.spacing=logit_normal", "time_sampler.std=1.3"]
SHIFTED = ["time_sampler.spacing=shifted", "solver.spacing=shifted"]
RHO = ["time_sampler.use=rho_segments"]
BOTH = ("solver", "evaluate.solvers")


@pytest.mark.parametrize(
    ("overrides", "keys", "said"),
    [
        ([], (), ""),
        (["time_sampler.use=continuous", "solver.spacing=logit_normal"], (), ""),
        (LOGIT, BOTH, "uniform steps, basics:segments trains logit_normal (mean 0, std 1.3)"),
        ([*LOGIT, "solver.spacing=logit_normal", "solver.std=1.3"], BOTH[1:], "uniform steps"),
        (["solver.spacing=logit_normal"], BOTH[:1], "logit_normal (mean 0, std 1) steps"),
        (["time_sampler.spacing=rho"], BOTH, "trains rho (rho 7, sigma_min 0.002, sigma_max 80)"),
        (["time_sampler.spacing=shifted", "solver.spacing=shifted"], BOTH[1:], "(shift 3)"),
        ([*SHIFTED, "solver.shift=2"], BOTH, "takes shifted (shift 2) steps"),
        ([*SHIFTED, "solver.mean=2"], BOTH[1:], "uniform steps"),
        (RHO, BOTH, "on the grid uniform, edm:rho_segments trains them in level^(1/7) from 80 to"),
        ([*RHO, "solver.use=rho_secant", "evaluate.solvers=['rho_secant']"], (), ""),
        ([*RHO, "solver.use=rho_secant"], BOTH[1:], "on the grid uniform, edm:rho_segments"),
        (["solver.use=rho_secant"], BOTH[:1], "edm:rho_secant takes steps in level^(1/7)"),
        ([*RHO, "solver.use=rho_secant", "solver.rho=5"], BOTH, "trains them in level^(1/7)"),
    ],
)
def test_a_warning_names_the_key_and_both_spacings(secantfw, tmp_path, overrides, keys, said):
    file = tmp_path / "small.toml"
    file.write_text(TOML)
    found = secantfw("check", "--no-build", file, *overrides)
    assert found.code == 0, found.out
    *warnings, last = found.out.splitlines()
    assert f"{file}: OK" in last
    assert len(warnings) == len(keys)
    for line, key in zip(warnings, keys, strict=True):
        place, _, text = line.partition(": warning: ")
        assert f": {key}" in place
        assert text
    assert said in found.out


def test_a_run_warns_and_runs(secantfw, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(TOML)
    found = secantfw("run", file, "--out", tmp_path / "out", *LOGIT)
    assert found.code == 0, found.err
    assert f"{file}:23: evaluate.solvers: warning: basics:secant takes uniform" in found.err
