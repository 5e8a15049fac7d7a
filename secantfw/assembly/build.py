"""From a resolved experiment to its objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import torch
from torch import Tensor

from secantfw.assembly.header_options import check_options
from secantfw.assembly.own_weights import check_own, load_own
from secantfw.assembly.stand_ins import Lacking, made_up_items, untrained_teacher
from secantfw.discovery.building import build as build_component
from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.experiment.experiment import Chosen, Experiment
from secantfw.interfaces.augmentation import Augmentation
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.build_site import BuildSite
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.metric import AnyMetric, MetricSite, NetworkMetric
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import LoadReport, WeightsHeader
from secantfw.interfaces.solver import Solver
from secantfw.interfaces.teacher import Teacher
from secantfw.interfaces.time_sampler import TimeSampler
from secantfw.runtime import devices
from secantfw.runtime.randomness import seed_of
from secantfw.weights.foreign import open_any
from secantfw.weights.formats import NamedFormat


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
    metrics: tuple[AnyMetric, ...]  # built before training, so that what they miss shows then
    load_report: LoadReport | None  # None: the student starts from scratch
    converted: str = ""  # what was made of a foreign weights file
    own_start: str = ""  # the student's own weights file and what it held
    augmentation: Augmentation | None = None

    def parameter_bytes(self) -> int:
        """Of the student in float32."""
        return 4 * sum(p.numel() for p in self.student.parameters())

    def teacher_weights(self) -> list[Tensor]:
        """The teacher's tensors; none without one, or of one that is no network."""
        return [] if self.teacher is None else list((self.teacher.weights() or {}).values())

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
        ExperimentError: it is not here.
    """
    try:
        return devices.chosen(experiment.train.device)
    except UserError as error:
        raise ExperimentError([Problem(str(error), key="train.device")]) from error


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
        if header is not None and e.teacher is not None:
            check_options(header, [e.teacher.options, e.backbone.options])
    with _said_of("backbone.weights"):
        file = None if lacking.student else e.student_weights()
        own = None if file is None else open_any(file, formats)
        _check_header(None if own is None else own.header, e, dataset)
        if own is not None:
            check_options(own.header, [e.backbone.options])
    with _said_of("augmentation"):
        augmentation = None if e.augmentation is None else build(e.augmentation)
    read = None if weights is None else weights.read
    site = BuildSite(dataset.spec, path, header, e.guidance.range, read)
    own_site = (
        site if own is None else attrs.evolve(site, weights=own.header, read_weights=own.read)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(e.seed, "init", 0))
        with torch.device(device):
            teacher: Teacher | None = None
            if e.teacher is not None and not lacking.teacher:
                with _said_of("teacher"):
                    teacher = build(e.teacher, site)  # type: ignore[assignment]
            with _said_of("backbone"):
                student: Backbone = build(e.backbone, own_site)  # type: ignore[assignment]
            if e.teacher is not None and lacking.teacher:
                with _said_of("teacher"):
                    teacher = untrained_teacher(e.teacher, student, site)
        report = None  # a student may initialise here what the weights given to it lack
        if e.init == "teacher" and teacher is not None and device.type != "meta":
            with _said_of("backbone"):
                report = student.load_tangent(teacher.weights() or {})
        own_start = ""
        if own is not None:
            with _said_of("backbone.weights"):
                if device.type == "meta":
                    check_own(student, own.header)
                else:
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
        augmentation=augmentation,  # type: ignore[arg-type]
    )


def _metrics(e: Experiment, dataset: Dataset, device: torch.device) -> tuple[AnyMetric, ...]:
    """The metrics of an experiment that evaluates; none for one that does not."""
    if not e.evaluate.keys.samples:
        return ()
    site = MetricSite(dataset, torch.device("cpu") if device.type == "meta" else device)
    found: list[AnyMetric] = []
    with _said_of("metrics.use"):
        for chosen in e.metrics:
            metric: AnyMetric = build(chosen, site)  # type: ignore[assignment]
            compares = isinstance(metric, NetworkMetric) or "endpoints" in metric.requires
            if compares and e.teacher is None:
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
            f"{dataset.spec.num_classes}: name the weights of these data, or the data of the "
            "weights"
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
