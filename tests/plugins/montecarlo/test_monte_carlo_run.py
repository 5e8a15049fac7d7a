"""A run with the Monte Carlo loss: its solver, its log, what it never does."""

from __future__ import annotations

import json

import pytest
from secantfw_montecarlo.monte_carlo import MonteCarlo
from secantfw_montecarlo.options import MonteCarloOptions
from torch.utils._python_dispatch import TorchDispatchMode

from secantfw.testing import conformance
from secantfw.testing.network_context import NetworkContext, loss_inputs
from secantfw.testing.reference_paths import StraightLine

SMALL = (
    "loss={use='monte_carlo',draws=4,substeps=3}", "backbone.width=8", "backbone.depth=1",
    "train.steps=3", "train.warmup_steps=0", "train.batch_size=8", "train.log_every_steps=2",
    "evaluate.samples=0",
)  # fmt: skip


@pytest.mark.plugin("basics", "data", "fid")
@pytest.mark.parametrize(("solver", "of_a_step"), [("euler", 1), ("midpoint", 2)])
def test_the_solver_is_chosen_and_the_log_counts_evaluations_and_variance(
    secantfw, experiments, tmp_path, solver, of_a_step
):
    chosen = f"train.teacher_solver={solver}"
    said = secantfw("run", experiments / "gmm_picard.toml", *SMALL, chosen, "--out", tmp_path)
    assert said.code == 0, said.err
    evaluations = 1 + 4 * (1 + 3 * of_a_step)
    assert f"{evaluations}F 1B per step" in said.err
    (log,) = tmp_path.glob("*/*/metrics.jsonl")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 3]
    assert [line["evaluations"] for line in lines] == [evaluations] * 2
    assert all(0 < line["estimate_variance"] < line["tangent_variance"] for line in lines)


class Operations(TorchDispatchMode):
    """The names of the tensor operations."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.add(str(function))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("law", ["uniform", "stratified", "antithetic", "gauss_legendre"])
def test_nothing_waits_for_the_device(law):
    loss = MonteCarlo(MonteCarloOptions(draws=4, law=law))
    given = loss_inputs(loss.times_needed(), StraightLine(), False, guidance=False)
    with Operations() as operations:
        terms = loss(NetworkContext(StraightLine()), given.batch, given.times)
    assert ("estimate_variance" in terms.scalars) == (law != "gauss_legendre")
    assert operations.names
    assert not {n for n in operations.names if "local_scalar_dense" in n or "nonzero" in n}


@pytest.mark.parametrize("draws", [1, 3])
def test_antithetic_draws_come_in_pairs(draws):
    with pytest.raises(ValueError, match="in pairs"):
        MonteCarloOptions(draws=draws, law="antithetic")


@conformance("loss:montecarlo:monte_carlo", options={"law": "antithetic", "draws": 4})
def test_it_conforms_with_mirrored_pairs():
    pass


@conformance("loss:montecarlo:monte_carlo", options={"law": "uniform", "draws": 1})
def test_it_conforms_with_one_draw():
    pass
