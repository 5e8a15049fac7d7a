"""Printed NFE is the number of rows through a network: counted by hooks on the networks."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.solvers.euler import Euler
from torch import nn

from secantfw import DataSpec, Teacher
from secantfw.assembly.row import NamedSolver, PlannedRow
from secantfw.discovery.building import build, probed
from secantfw.evaluation.evaluation_file import read_evaluation
from secantfw.experiment.schema import Guidance
from secantfw.load_plugins import load_plugins
from secantfw.reporting.table import layout
from secantfw.sampling.draw import draw, starts
from secantfw.sampling.field import student_field, teacher_field
from secantfw.sampling.nfe import NFECounter
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.testing.subject import structured

SPEC = DataSpec((1, 4, 4), 3)
GUIDANCES = {
    "none": Guidance(),
    "always": Guidance(scale=2.0),
    "late": Guidance(scale=2.0, interval=(0.0, 0.5)),
    "middle": Guidance(scale=2.0, interval=(0.3, 0.8)),
    "told": Guidance(scale=2.0, range=(1.0, 3.0)),
}


class Hooked(nn.Module):
    """v or f linear in x; `rows` are what has gone through it."""

    supports = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.rows = nn.Linear(4, 4), 0
        self.inner.register_forward_hook(lambda _m, given, _o: self._count(given[0]))

    def _count(self, x):
        self.rows += x.shape[0]

    def forward(self, x, t, s, cond):
        return self.inner(x)


class HookedTeacher(Teacher):
    path = Linear()

    def __init__(self, network) -> None:
        super().__init__()
        self.network = network

    def velocity(self, x, t, cond):
        return self.network(x, t, t, cond)

    def to(self, device):
        return self

    def weights(self):
        return None

    def num_parameters(self):
        return 20


def solvers():
    """Every solver that ships and runs on a CPU, by its name."""
    plugins = load_plugins()
    for component in plugins.registry.of_kind("solver"):
        if not probed(component):
            options = structured(component, plugins.registry, dict(component.example or {}))
            yield component.full_name, build(component, options)


@pytest.mark.parametrize("guidance", GUIDANCES, ids=str)
@pytest.mark.parametrize("model", ["student", "teacher"])
def test_nfe_is_rows_through_the_network_for_every_solver(guidance, model):
    chosen, asked = GUIDANCES[guidance], 0
    for name, solver in solvers():
        if model == "teacher" and "secant" in solver.requires:
            continue
        for steps in (1, 2, 5):
            network = Hooked()
            field = (
                student_field(network, Linear(), chosen, 3)
                if model == "student"
                else teacher_field(HookedTeacher(network), chosen, 3)
            )
            (start,) = starts(SPEC, 0, 6, 6, torch.device("cpu"))
            draw(field, solver, start, steps)
            assert field.nfe * 6 == network.rows, (name, steps)
            told = model == "student" and chosen.range is not None
            counter = NFECounter(SPEC, Linear(), chosen, told, torch.device("cpu"))
            if not solver.adaptive:
                assert counter.nfe(solver, steps) == field.nfe, (name, steps)
            asked += 1
    assert asked > 30


def test_the_most_steps_within_an_nfe_are_found():
    counter = NFECounter(SPEC, Linear(), GUIDANCES["late"], False, torch.device("cpu"))
    for (name, solver), budget in itertools.product(solvers(), (1, 2, 3, 4, 7, 8)):
        if solver.adaptive:
            continue
        steps = counter.steps_within(solver, budget)
        assert steps == 0 or counter.nfe(solver, steps) <= budget, name
        assert counter.nfe(solver, steps + 1) > budget, name


def test_one_nfe_under_guidance_by_two_calls_is_no_step():
    counter = NFECounter(SPEC, Linear(), GUIDANCES["always"], False, torch.device("cpu"))
    assert all(counter.steps_within(s, 1) == 0 for _, s in solvers() if not s.adaptive)


@pytest.mark.plugin("basics", "data", "fid", "picard", "solvers")
def test_an_adaptive_solver_stands_where_its_measured_nfe_puts_it(tmp_path, secantfw):
    gmm = Path(__file__).parents[2] / "experiments" / "gmm_picard.toml"
    few = ("train.steps=2", "train.warmup_steps=0", "evaluate.samples=32", "evaluate.picture=0")
    solvers = 'evaluate.solvers=["secant", "euler", "dopri5"]'
    said = secantfw("run", gmm, *few, solvers, "evaluate.nfe=[2]", "--out", tmp_path)
    assert said.code == 0
    (file,) = tmp_path.glob("*/*/evaluation.json")
    content = json.loads(file.read_text())
    (row,) = (row for row in content["rows"] if row["solver"] == "dopri5")
    assert row["nfe"] > 8
    lines = layout(read_evaluation(content)).lines
    assert {(x.budget, x.nfe) for x in lines if "dopri5" in x.name} == {
        (2, "–"),
        (math.ceil(row["nfe"]), f"{row['nfe']:.4g}"),
    }
    assert not any("step" in x.name for x in lines if "dopri5" in x.name)  # it chose them itself


def test_a_rows_files_are_named_as_reports_call_its_series():
    """A sample grid is found by its series, with the scale where several stand side by side."""
    named = NamedSolver("euler", Euler())
    row = PlannedRow("teacher", named, 4, 8, RowGuidance(2.0, (0.0, 0.5)), "w=2")
    content = {"model": "teacher", "solver": "euler", "nfe": 8, "fd": 1.0}
    rows = [{**content, "guidance": w, "guidance_interval": [0.0, 0.5]} for w in (1.0, 2.0)]
    shown = read_evaluation({"rows": rows}).series
    assert row.name == f"teacher-{shown[-1].solver}-008" == "teacher-euler w=2-008"
