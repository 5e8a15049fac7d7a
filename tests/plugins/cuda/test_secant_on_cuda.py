"""Recorded samples on a CUDA device: the bits of `secant` by the same kernels, no waiting."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.solvers.secant import SecantSteps
from secantfw_cuda.options import SecantGraphOptions
from secantfw_cuda.secant_graph import SecantGraph

from secantfw import Cond, GridOptions
from secantfw.experiment.schema import Guidance
from secantfw.sampling.draw import Start, draw

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.plugin("basics", "sit", "cuda"),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
GUIDED = Guidance(scale=2.0, interval=(0.2, 0.7), channels=2)


def graph(**options):
    return SecantGraph(SecantGraphOptions(**{"kernel": "torch", **options}))


@pytest.mark.parametrize("guidance", [Guidance(), GUIDED, Guidance(range=(1.0, 3.0), scale=2.0)])
@pytest.mark.parametrize("spacing", ["uniform", "logit_normal", "rho"])
@pytest.mark.parametrize("rows", [1, 64])
def test_a_replay_has_the_bits_of_the_plain_solver(make_field, start, guidance, spacing, rows):
    field = make_field(guidance, "cuda")
    solver, plain = graph(spacing=spacing), SecantSteps(GridOptions(spacing))
    for seed in range(3):  # the first records, the others replay with other noise and labels
        begin = start(rows, "cuda", seed)
        assert torch.equal(draw(field, solver, begin, 4), draw(field, plain, begin, 4))
    assert field.nfe == 3 * 2 * 4


def test_graphs_of_one_pool_do_not_disturb_each_other(make_field, start):
    fields = [make_field(GUIDED, "cuda", seed) for seed in range(2)]
    solver = graph(graphs=3)
    for _ in range(3):
        for field in fields:
            for rows, steps in ((2, 1), (5, 4), (3, 2)):  # six graphs, and three are kept
                begin = start(rows, "cuda")
                expected = draw(field, SecantSteps(), begin, steps)
                assert torch.equal(draw(field, solver, begin, steps), expected)


def test_weights_that_change_in_place_are_seen(make_field, start):
    field, solver, begin = make_field(device="cuda"), graph(), start(2, "cuda")
    draw(field, solver, begin, 2)
    cell = field._parts.__closure__  # the student
    student = next(c.cell_contents for c in cell if isinstance(c.cell_contents, torch.nn.Module))
    with torch.no_grad():
        torch._foreach_mul_(list(student.parameters()), 1.1)
    assert torch.equal(draw(field, solver, begin, 2), draw(field, SecantSteps(), begin, 2))


def test_a_replay_waits_for_nothing(make_field, start):
    field, solver, begin = make_field(GUIDED, "cuda"), graph(), start(4, "cuda")
    draw(field, solver, begin, 4)
    torch.cuda.set_sync_debug_mode("error")
    try:
        draw(field, solver, begin, 4)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_the_kernel_and_bf16_stay_near(make_field, start):
    field, begin = make_field(GUIDED, "cuda"), start(8, "cuda")
    expected = draw(field, SecantSteps(), begin, 4)
    near = draw(field, graph(kernel="triton"), begin, 4)
    torch.testing.assert_close(near, expected, rtol=1e-5, atol=1e-5)
    half = draw(field, graph(kernel="triton", precision="bf16"), begin, 4)
    assert 0 < (half - expected).square().mean().sqrt() / expected.std() < 2e-2


def test_a_batch_is_split_by_the_memory_that_is_free(make_field, start):
    field, begin = make_field(GUIDED, "cuda"), start(16, "cuda")
    expected = draw(field, SecantSteps(), begin, 2)
    tight = graph(graph="off", memory=1e-9)  # not even one row fits: one at a time
    torch.testing.assert_close(draw(field, tight, begin, 2), expected, rtol=1e-5, atol=1e-5)
    (ready,) = tight._prepared._values.values()
    assert ready.rows == 1


def test_a_sample_without_labels_is_recorded(make_field, start):
    field, begin = make_field(device="cuda"), start(2, "cuda")
    begin = Start(begin.numbers, begin.z, Cond())
    assert torch.equal(draw(field, graph(), begin, 2), draw(field, SecantSteps(), begin, 2))
