"""A run with the Runge-Kutta loss: its evaluations, its likeness to the midpoint rule, the kit."""

from __future__ import annotations

import json

import pytest
import torch
from secantfw_basics.solvers.euler import Euler
from secantfw_montecarlo.monte_carlo import MonteCarlo
from secantfw_montecarlo.options import MonteCarloOptions, RungeKuttaOptions
from secantfw_montecarlo.runge_kutta import METHODS, RungeKutta

from secantfw import Cond
from secantfw.sampling.field import CountedField
from secantfw.testing import conformance
from secantfw.testing.network_context import NetworkContext, loss_inputs
from secantfw.testing.reference_paths import StraightLine

SMALL = (
    "backbone.width=8", "backbone.depth=1", "train.steps=3", "train.warmup_steps=0",
    "train.batch_size=8", "train.log_every_steps=2", "evaluate.samples=0",
)  # fmt: skip


@pytest.mark.plugin("basics", "data", "fid")
@pytest.mark.parametrize(("method", "evaluations"), [("midpoint", 3), ("heun3", 4)])
def test_the_log_counts_the_stages(secantfw, experiments, tmp_path, method, evaluations):
    chosen = f"loss={{use='runge_kutta',method='{method}'}}"
    said = secantfw("run", experiments / "gmm_picard.toml", *SMALL, chosen, "--out", tmp_path)
    assert said.code == 0, said.err
    (log,) = tmp_path.rglob("metrics.jsonl")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["evaluations"] for line in lines} == {evaluations}


class EulerContext(NetworkContext):
    """Integrates its teacher by Euler's step."""

    @torch.no_grad()
    def solve_teacher(self, x, t, s, steps, cond: Cond):
        field = CountedField(self.path, lambda x, t, _s, c: self.teacher(x, t, c), False)
        return Euler().solve(field, x, t, s, steps, cond)


def test_the_midpoint_method_is_the_midpoint_rule_of_monte_carlo():
    rule = MonteCarlo(MonteCarloOptions(draws=1, law="gauss_legendre"))
    given = loss_inputs(rule.times_needed(), StraightLine(), False, guidance=False)
    ctx = EulerContext(StraightLine())
    expected = rule(ctx, given.batch, given.times).per_sample
    found = RungeKutta(RungeKuttaOptions("midpoint"))(ctx, given.batch, given.times).per_sample
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)  # times are float32


@pytest.mark.parametrize("stages", METHODS.values(), ids=METHODS)
def test_weights_sum_to_one_and_times_lie_between(stages):
    assert sum(stages.b) == pytest.approx(1)
    assert stages.c[0] == 0
    assert all(0 <= c <= 1 for c in stages.c)
    assert len(stages.b) == len(stages.c)


@conformance("loss:montecarlo:runge_kutta", options={"method": "midpoint"})
def test_the_midpoint_conforms():
    pass
