"""From a resolved experiment to its objects, and the problems that only building shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs
import torch

from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.evaluation.rows import NamedSolver, Row, plan_rows
from secantfw.experiment.schema import Chosen, Experiment
from secantfw.foreign_weights import open_any
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.build_site import BuildSite
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.metric import Metric, MetricSite
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond, LoadReport, WeightsHeader
from secantfw.interfaces.solver import Solver
from secantfw.interfaces.teacher import Teacher
from secantfw.interfaces.time_sampler import TimeSampler
from secantfw.plugin.building import build as build_component
from secantfw.plugin.weights_formats import NamedFormat
from secantfw.training.own_weights import load_own
from secantfw.training.randomness import seed_of
from secantfw.training.stand_ins import Lacking, made_up_items, untrained_teacher


@attrs.frozen(eq=False)
class Built:
    """The objects of an experiment, networks on `device`."""

    experiment: Experiment
    device: torch.device
    dataset: Dataset
    path: Path
    student: Backbone
    teacher: Teacher | None
    loss: SecantLoss
    time_sampler: TimeSampler
    solver: Solver
    metrics: tuple[Metric, ...]  # built before training, so that what they miss shows then
    load_report: LoadReport | None  # None: the student starts from scratch
    converted: str = ""  # what was made of a foreign weights file
    own_start: str = ""  # the student's own weights file and what it held

    def header(self) -> WeightsHeader:
        """How the student's weights describe themselves."""
        return WeightsHeader(
            file="",
            component=self.experiment.backbone.full_name,
            options=self.student.network_options(),
            spec=self.dataset.spec,
            path_name=self.experiment.path.full_name,
        )


def build(chosen: Chosen, *site: object) -> object:
    return build_component(chosen.component, chosen.options, *site)


def device_of(experiment: Experiment) -> torch.device:
    """The device `[train] device` asks for.

    Raises:
        ExperimentError: CUDA asked for where there is none.
    """
    wanted = experiment.train.device
    if wanted == "cuda" and not torch.cuda.is_available():
        what = "'cuda' was asked for, and this machine has no CUDA device"
        raise ExperimentError([Problem(what, key="train.device")])
    has_cuda = torch.cuda.is_available()
    return torch.device("cuda" if wanted == "cuda" or (wanted == "auto" and has_cuda) else "cpu")


def build_experiment(
    experiment: Experiment,
    device: torch.device,
    formats: Callable[[], Sequence[NamedFormat]] = tuple,
    *,
    without_files: bool = False,
) -> Built:
    """Build everything; on the meta device networks take no memory and weights are not read.

    The student's initial weights are a function of the seed alone. `formats` are those of foreign
    weights files, asked for where the teacher names one. With `without_files`, what lacks its
    files is stood in for (`stand_ins`), and there are no metrics if anything does.

    Raises:
        UserError: data, weights or sizes that do not fit, prefixed with the table.
    """
    e = experiment
    lacking = Lacking.of(e) if without_files else Lacking()
    with _said_of("dataset"):
        dataset: Dataset = (
            made_up_items(e.dataset) if lacking.dataset else build(e.dataset)  # type: ignore
        )
    with _said_of("path"):
        path: Path = build(e.path)  # type: ignore[assignment]
    with _said_of("teacher.weights"):
        file = None if lacking.teacher else e.teacher_weights()
        weights = None if file is None else open_any(file, formats)
        header = None if weights is None else weights.header
        _check_header(header, e, dataset)
    with _said_of("backbone.weights"):
        file = None if lacking.student else e.student_weights()
        own = None if file is None else open_any(file, formats)
        _check_header(None if own is None else own.header, e, dataset)
    read = None if weights is None else weights.read
    site = BuildSite(dataset.spec, path, header, e.guidance.range, read)
    own_site = (
        site if own is None else attrs.evolve(site, weights=own.header, read_weights=own.read)
    )
    with torch.random.fork_rng(devices=[]), torch.device(device):
        torch.manual_seed(seed_of(e.seed, "init", 0))
        teacher: Teacher | None = None
        if e.teacher is not None and not lacking.teacher:
            with _said_of("teacher"):
                teacher = build(e.teacher, site)  # type: ignore[assignment]
        with _said_of("backbone"):
            student: Backbone = build(e.backbone, own_site)  # type: ignore[assignment]
        if e.teacher is not None and lacking.teacher:
            with _said_of("teacher"):
                teacher = untrained_teacher(e.teacher, student, site)
    report = None
    if e.init == "teacher" and teacher is not None and device.type != "meta":
        with _said_of("backbone"):
            report = student.load_tangent(teacher.weights() or {})
    own_start = ""
    if own is not None and device.type != "meta":
        with _said_of("backbone.weights"):
            own_start = load_own(student, own)
    return Built(
        experiment=e,
        device=device,
        dataset=dataset,
        path=path,
        student=student.to(device),
        teacher=teacher if teacher is None or device.type == "meta" else teacher.to(device),
        loss=build(e.loss),  # type: ignore[arg-type]
        time_sampler=build(e.time_sampler),  # type: ignore[arg-type]
        solver=build(e.solver),  # type: ignore[arg-type]
        metrics=() if lacking else _metrics(e, dataset, device),
        load_report=report,
        converted="; ".join(w.converted for w in (weights, own) if w is not None and w.converted),
        own_start=own_start,
    )


def _metrics(e: Experiment, dataset: Dataset, device: torch.device) -> tuple[Metric, ...]:
    """The metrics of an experiment that evaluates; none for one that does not."""
    if not e.evaluate.keys.samples:
        return ()
    site = MetricSite(dataset, torch.device("cpu") if device.type == "meta" else device)
    found: list[Metric] = []
    with _said_of("metrics.use"):
        for chosen in e.metrics:
            metric: Metric = build(chosen, site)  # type: ignore[assignment]
            if "endpoints" in metric.requires and e.teacher is None:
                raise UserError(
                    f"{chosen.full_name} compares with a teacher; there is no [teacher]"
                )
            found.append(metric)
    return tuple(found)


def _check_header(header: WeightsHeader | None, e: Experiment, dataset: Dataset) -> None:
    if header is None:
        return
    if header.path_name and header.path_name != e.path.full_name:
        raise UserError(
            f"{header.file} was trained on path {header.path_name}; [path] is {e.path.full_name}"
        )
    if header.spec is not None and header.spec != dataset.spec:
        raise UserError(
            f"{header.file} was trained on data {header.spec.shape} with "
            f"{header.spec.num_classes} classes; [dataset] gives {dataset.spec.shape} with "
            f"{dataset.spec.num_classes}"
        )


class _said_of:
    """Put the table's name before a UserError raised inside."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __enter__(self) -> None: ...

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ExperimentError):
            return
        if isinstance(error, UserError):
            raise ExperimentError([Problem(str(error), key=self.key)]) from error


def check_built(built: Built) -> list[Problem]:
    """Problems of components that cannot work together: what the loss requires and nobody has,
    guidance without classes, a network whose output does not fit the data."""
    parts = (_times, _unmet, _teacher_solver, _guidance, _evaluation, _shape)
    return [problem for part in parts for problem in part(built)]


def planned_rows(built: Built) -> list[Row]:
    """The rows of the evaluation table; a solver goes by its bare name where that is enough."""
    e = built.experiment
    names = [c.component.name for c in e.evaluate.solvers]
    solvers = []
    for chosen in e.evaluate.solvers:
        bare = chosen.component.name
        solver: Solver = build(chosen)  # type: ignore[assignment]
        name = bare if names.count(bare) == 1 else chosen.full_name
        solvers.append(NamedSolver(name, solver))
    teacher = built.teacher is not None and e.evaluate.keys.teacher
    return plan_rows(
        solvers, e.evaluate.keys.steps, student_has=built.loss.provides, teacher=teacher
    )


def _evaluation(built: Built) -> Iterator[Problem]:
    """An evaluation without rows, with a row or a column twice, or without a reference."""
    evaluate = built.experiment.evaluate
    if not evaluate.keys.samples:
        return
    names = [chosen.full_name for chosen in evaluate.solvers]
    for chosen in evaluate.solvers:
        solver: Solver = build(chosen)  # type: ignore[assignment]
        if solver.adaptive:
            yield Problem(
                f"{chosen.full_name} chooses its steps itself, and rows are compared at equal "
                "evaluations; it can be the evaluate.reference_solver",
                key="evaluate.solvers",
            )
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield Problem(f"{name} stands twice; rows go by its name", key="evaluate.solvers")
    keys = [metric.key for metric in built.metrics]
    for key in sorted({k for k in keys if keys.count(k) > 1}):
        yield Problem(f"two metrics write the column {key!r}", key="metrics.use")
    reference: Solver = build(evaluate.reference)  # type: ignore[assignment]
    name = evaluate.reference.full_name
    if reference.stochastic:
        yield Problem(f"{name} draws noise: it solves no ODE", key="evaluate.reference_solver")
    if "secant" in reference.requires:
        yield Problem(f"a teacher has no secants for {name}", key="evaluate.reference_solver")
    if not planned_rows(built):
        yield Problem("no solver fits: the table would have no row", key="evaluate.steps")


def _times(built: Built) -> Iterator[Problem]:
    """A loss that cannot say which times it needs."""
    name = built.experiment.loss.full_name
    try:
        built.loss.times_needed()
    except Exception as error:  # a plug-in's mistake, shown before anything is spent
        yield Problem(f"{name}: times_needed: {type(error).__name__}: {error}", key="loss.use")


def _unmet(built: Built) -> Iterator[Problem]:
    e, needs = built.experiment, built.loss.requirements()
    name = e.loss.full_name
    if "teacher" in needs and built.teacher is None:
        yield Problem(f"{name} needs a teacher; add a [teacher] table", key="loss.use")
    if "labels" in needs and not built.dataset.spec.num_classes:
        yield Problem(f"{name} needs labels; {e.dataset.full_name} has none", key="loss.use")
    if "bidirectional" in needs:
        if "bidirectional" not in built.time_sampler.capabilities():
            yield Problem(
                f"{name} steps in both directions, and {e.time_sampler.full_name} draws s < t "
                'only; set time_sampler.direction = "both"',
                key="time_sampler.direction",
            )
        if "bidirectional" not in built.student.supports:
            yield Problem(
                f"{name} needs s > t too, which {e.backbone.full_name} does not support",
                key="backbone.use",
            )
    if "every_time" in needs and "every_time" not in built.time_sampler.capabilities():
        yield Problem(
            f"{name} needs t everywhere, and {e.time_sampler.full_name} draws it on a grid",
            key="time_sampler.use",
        )
    for field in sorted({"mid", "tangent_rows"} & needs - built.time_sampler.capabilities()):
        yield Problem(
            f"{name} needs times.{field}, which {e.time_sampler.full_name} does not give",
            key="time_sampler.use",
        )
    known = {
        "teacher", "labels", "bidirectional", "every_time", "mid", "tangent_rows", "ema", "jvp",
    }  # fmt: skip
    for need in sorted(needs - known):
        yield Problem(f"{name} requires {need!r}, which nothing here provides", key="loss.use")
    if "jvp" in needs and "jvp" not in built.student.supports:
        yield Problem(
            f"{name} needs forward-mode derivatives; {e.backbone.full_name} has none",
            key="backbone.use",
        )


def _teacher_solver(built: Built) -> Iterator[Problem]:
    chosen = built.experiment.teacher_solver
    solver: Solver = build(chosen)  # type: ignore[assignment]
    if built.experiment.train.teacher_solver is not None and "secant" in solver.requires:
        yield Problem(
            f"a teacher has no secants for {chosen.full_name}", key="train.teacher_solver"
        )
    if built.experiment.train.teacher_solver is not None and solver.stochastic:
        yield Problem(
            f"{chosen.full_name} draws noise: it solves no ODE", key="train.teacher_solver"
        )


def _guidance(built: Built) -> Iterator[Problem]:
    e, g = built.experiment, built.experiment.guidance
    name, classes = e.dataset.full_name, built.dataset.spec.num_classes
    if g.range is not None and "guidance" not in built.student.supports:
        yield Problem(
            f"{e.backbone.full_name} cannot be told a guidance scale", key="guidance.range"
        )
    for key, used in (
        ("range", g.range is not None),
        ("label_dropout", g.label_dropout > 0),
        ("scale", g.scale != 1.0),
    ):
        if used and not classes:
            yield Problem(f"guidance needs labels; {name} has none", key=f"guidance.{key}")
    if g.channels is not None and g.channels > built.dataset.spec.shape[0]:
        yield Problem(
            f"{g.channels} channels are to be guided; {name} has {built.dataset.spec.shape[0]}",
            key="guidance.channels",
        )
    if g.range is not None and not g.range[0] <= g.scale <= g.range[1]:
        yield Problem(
            f"{g.scale} lies outside the range {list(g.range)} the student is told in training",
            key="guidance.scale",
        )


def _shape(built: Built) -> Iterator[Problem]:
    """One evaluation on the meta device: the secant must have the shape of the data."""
    if built.device.type != "meta":
        return
    shape = (2, *built.dataset.spec.shape)
    x, t = torch.empty(shape, device="meta"), torch.empty(2, device="meta")
    label = torch.empty(2, dtype=torch.int64, device="meta")
    cond = Cond(
        label if built.dataset.spec.num_classes else None,
        None if built.experiment.guidance.range is None else t,
    )
    try:
        out = tuple(built.student(x, t, t, cond).shape)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        first = str(error).splitlines()[0]
        yield Problem(f"cannot be evaluated on data {shape[1:]}: {first}", key="backbone")
        return
    if out != shape:
        yield Problem(f"gives {out[1:]} for data {shape[1:]}", key="backbone")
