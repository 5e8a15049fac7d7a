"""What stands in for components whose files are missing, in `check` and in dry runs."""

from __future__ import annotations

import attrs

from secantfw.assembly.reference_data import ReferenceData
from secantfw.discovery.building import target_class
from secantfw.errors import UserError
from secantfw.experiment.experiment import Chosen, Experiment, lacks_files
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.build_site import BuildSite
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.records import WeightsHeader
from secantfw.interfaces.teacher import Teacher


@attrs.frozen
class Lacking:
    """Which components of an experiment lack a file; true if any does."""

    dataset: bool = False
    teacher: bool = False
    student: bool = False
    metrics: bool = False

    @classmethod
    def of(cls, e: Experiment) -> Lacking:
        teacher = e.teacher is not None and lacks_files(e.teacher)
        own = e.student_weights()
        student = own is not None and not own.exists()
        return cls(lacks_files(e.dataset), teacher, student, any(map(lacks_files, e.metrics)))

    def __bool__(self) -> bool:
        return self.dataset or self.teacher or self.student or self.metrics


def made_up_items(chosen: Chosen) -> Dataset:
    """Random items of the shape, and with the classes, that the options say.

    Raises:
        UserError: only the files say them.
    """
    target: type[Dataset] = target_class(chosen.component)
    spec = target.spec_of(chosen.options)
    if spec is None:
        raise UserError(
            f"{chosen.full_name}: only its files say what its items are; they are gone"
        )
    return ReferenceData(spec)


def untrained_teacher(chosen: Chosen, student: Backbone, site: BuildSite) -> Teacher:
    """A teacher with random weights and the sizes of the student's network.

    Raises:
        UserError: this kind of teacher is nothing without its files.
    """
    sizes = WeightsHeader(file="", options=student.network_options(), spec=site.spec)
    target: type[Teacher] = target_class(chosen.component)
    teacher = target.untrained(chosen.options, attrs.evolve(site, weights=sizes))
    if teacher is None:
        raise UserError(f"{chosen.full_name} cannot be built without its files")
    return teacher
