"""Everything of the CUDA solvers but the recording: the same samples as `secant`, bit for bit."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from secantfw_basics.solvers.secant import SecantSteps
from secantfw_cuda.device import no_cuda
from secantfw_cuda.given import Given
from secantfw_cuda.kept import Kept
from secantfw_cuda.options import SecantCompiledOptions, SecantGraphOptions
from secantfw_cuda.secant_compiled import SecantCompiled
from secantfw_cuda.secant_graph import SecantGraph

from secantfw import Cond, GridOptions, UserError, at
from secantfw.experiment.schema import Guidance
from secantfw.sampling.draw import draw
from secantfw.sampling.field import CountedField
from secantfw.testing.reference_paths import StraightLine

pytestmark = pytest.mark.plugin("basics", "sit", "cuda")

GUIDANCES = (
    Guidance(),
    Guidance(scale=2.0, interval=(0.2, 0.7)),
    Guidance(scale=2.0, channels=2),
    Guidance(range=(1.0, 3.0), scale=1.5),
)
RHO = {"spacing": "rho", "rho": 5.0}
LOGIT_NORMAL = {"spacing": "logit_normal", "mean": 0.3, "std": 1.2}
each_spacing = pytest.mark.parametrize(
    "spacing", [{}, LOGIT_NORMAL, RHO], ids=["uniform", "logit_normal", "rho"]
)


def graph(**options):
    return SecantGraph(SecantGraphOptions(**{"graph": "off", **options}))


def compiled(backend, **options):
    return SecantCompiled(SecantCompiledOptions(backend=backend, **options))


@pytest.mark.parametrize("guidance", GUIDANCES, ids=str)
@each_spacing
@pytest.mark.parametrize("make", [graph, lambda **o: compiled("none", **o)])
def test_samples_are_those_of_secant_bit_for_bit(make_field, start, guidance, spacing, make):
    field = make_field(guidance)
    for steps in (1, 3):
        expected = draw(field, SecantSteps(GridOptions(**spacing)), start(), steps)
        assert torch.equal(draw(field, make(**spacing), start(), steps), expected)


@each_spacing
def test_rows_that_go_up_and_down_are_those_of_secant(make_field, start, spacing):
    field, begin = make_field(), start()
    t, s = torch.tensor([1.0, 0.0, 0.5, 0.2, 0.9]), torch.tensor([0.0, 1.0, 0.5, 0.7, 0.1])
    expected = SecantSteps(GridOptions(**spacing)).solve(field, begin.z, t, s, 3, begin.cond)
    assert torch.equal(graph(**spacing).solve(field, begin.z, t, s, 3, begin.cond), expected)


@pytest.mark.slow
def test_a_compiled_step_gives_the_same_bits_and_is_compiled_once(make_field, start):
    """Twice at most: noise is no inference tensor, and what follows from it is one."""
    field, solver = make_field(GUIDANCES[2]), compiled("aot_eager")
    expected = draw(field, SecantSteps(), start(), 3)
    assert torch.equal(draw(field, solver, start(), 3), expected)
    with torch.compiler.set_stance("fail_on_recompile"):
        draw(field, solver, start(seed=2), 3)
        draw(field, solver, start(seed=3), 8)


def test_fields_may_come_and_go_without_end(start):
    """torch.compile gives up on a code object after 8 graphs; each field has its own."""
    path, solver = StraightLine(), graph(compile="eager")
    for n in range(5):  # each twice: of noise, and of what inference mode made of it

        def network(x, t, s, cond, n=n):
            return n * x + x.sin() * at(cond.label + t, x)

        field = CountedField(path, network, True)
        expected = draw(field, SecantSteps(), start(2), 2)
        assert torch.equal(draw(field, solver, start(2), 2), expected)


def test_a_network_that_cannot_be_one_graph_is_a_line_or_is_broken_up(start):
    @torch.compiler.disable
    def network(x, t, s, cond):
        return x.sin()

    field = CountedField(StraightLine(), network, has_secants=True)
    with pytest.raises(UserError, match=r"not one graph .*fullgraph = false"):
        draw(field, compiled("eager"), start(), 1)
    found = draw(field, compiled("eager", fullgraph=False), start(), 1)
    assert torch.equal(found, draw(field, SecantSteps(), start(), 1))


def test_in_bf16_the_state_stays_float32_and_samples_stay_near(make_field, start):
    """An evaluation is rounded to 8 bits, and N steps of width 1/N add no more than one up."""
    field = make_field(GUIDANCES[1])
    expected = draw(field, SecantSteps(), start(), 4)
    for solver in (graph(precision="bf16"), compiled("none", precision="bf16")):
        found = draw(field, solver, start(), 4)
        assert found.dtype == torch.float32
        error = (found - expected).square().mean().sqrt() / expected.std()
        assert 0 < error < 2e-2


def test_a_batch_is_split_and_counted_as_one(make_field, start):
    field, begin = make_field(GUIDANCES[1]), start(7)
    rows = []
    student = field.secant_parts
    field.secant_parts = lambda x, *rest: rows.append(len(x)) or student(x, *rest)
    found = draw(field, graph(rows=3), begin, 2)
    assert rows == [3, 3, 3, 3, 1, 1]
    assert field.nfe == 2 * field.parts_nfe == 4, "of each sample"
    torch.testing.assert_close(found, draw(field, SecantSteps(), begin, 2))


def test_without_labels_and_with_every_condition_parts_are_joined_in_order():
    x, t = torch.arange(10.0).reshape(5, 2), torch.arange(5.0)
    given = Given(x, t, t, Cond(guidance=t))
    parts = list(given.parts(2))
    assert [len(p) for p in parts] == [2, 2, 1]
    assert torch.equal(torch.cat([p.x for p in parts]), x)
    assert all(p.cond.label is None for p in parts)
    assert given.signature() != Given(x, t, t, Cond()).signature()
    assert given.signature() == given.map(torch.clone).signature()


def test_no_more_is_kept_than_asked_for(make_field, start):
    solver = graph(graphs=2)
    fields = [make_field(seed=n) for n in range(3)]
    for field in fields:
        draw(field, solver, start(), 1)
    gone, kept = weakref.ref(fields[0]), weakref.ref(fields[1])
    del fields, field
    gc.collect()
    assert gone() is None
    assert kept() is not None
    made = []
    cache = Kept(2)
    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get(key, lambda k=key: made.append(k) or k)
    assert (made, len(cache)) == (["a", "b", "c", "b"], 2)


def test_no_cuda_is_one_line_and_known_without_torch(tmp_path, monkeypatch, secantfw):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert no_cuda(tmp_path) == "no CUDA device"
    (tmp_path / "nvidia0").touch()
    assert no_cuda(tmp_path) == ""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "hides" in no_cuda(tmp_path)
    said = secantfw("components", "solver").out.splitlines()
    (line,) = (text for text in said if "cuda:secant_graph" in text)
    assert "(unavailable here: CUDA_VISIBLE_DEVICES hides every CUDA device;" in line
    (line,) = (text for text in said if "cuda:secant_compiled" in text)
    assert "unavailable" not in line


EXPERIMENT = """\
schema = 1
[dataset]
use = "gaussian_mixture"
[backbone]
use = "mlp"
width = 16
depth = 1
[teacher]
use = "gaussian_mixture"
[loss]
use = "sdei"
[time_sampler]
use = "segments"
[train]
steps = 1
batch_size = 8
device = "cpu"
[evaluate]
samples = 8
nfe = [2]
solvers = ["secant", { use = "cuda:secant_graph", GRAPH }]
[solver]
use = "cuda:secant_graph"
GRAPH
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
@pytest.mark.plugin("data", "picard")
def test_an_experiment_names_it_and_is_told_where_it_cannot_run(tmp_path, secantfw):
    file = tmp_path / "graph.toml"
    file.write_text(EXPERIMENT.replace("GRAPH", 'graph = "on"'))
    said = secantfw("check", file)
    assert said.code == 2
    assert "solver cuda:secant_graph is unavailable here: no CUDA device" in said.out + said.err
    assert "Traceback" not in said.err
    file.write_text(EXPERIMENT.replace("GRAPH", 'graph = "auto"'))
    assert secantfw("run", file, "--out", tmp_path / "runs").code == 0
    (run,) = (tmp_path / "runs" / "graph").iterdir()
    out = tmp_path / "samples"
    assert secantfw("sample", run, "--count", 4, "--out", out).code == 0
    assert len(list(out.iterdir())) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_where_torch_sees_no_device_a_graph_is_refused():
    with pytest.raises(UserError, match="torch sees no CUDA device"):
        graph(graph="on")
