"""The kit is itself checked: sound components pass it, and seeded faults are caught."""

from __future__ import annotations

import faults_augmentation
import faults_backbone
import faults_dataset
import faults_engine
import faults_loss
import faults_metric
import faults_options
import faults_path
import faults_solver
import faults_teacher
import faults_time_sampler
import pytest
from faults import Fault

from secantfw.discovery.registry import KINDS
from secantfw.testing import ConformanceFailure, checks_for, run_checks
from secantfw.testing.running import conform_component, run_check

_MODULES = (
    faults_path, faults_dataset, faults_augmentation, faults_backbone, faults_teacher,
    faults_loss, faults_time_sampler, faults_solver, faults_metric, faults_engine,
    faults_options,
)  # fmt: skip
FAULTS = [fault for module in _MODULES for fault in module.FAULTS]
CAUGHT = [fault for fault in FAULTS if fault.caught_by]
MISSED = [fault for fault in FAULTS if not fault.caught_by]

SOUND = [
    Fault(kind, f"sound:{name}", name)
    for kind, name in (
        ("path", "SoundPath"),
        ("dataset", "SoundData"),
        ("augmentation", "SoundFlips"),
        ("backbone", "SoundBackbone"),
        ("teacher", "SoundTeacher"),
        ("loss", "SoundLoss"),
        ("time_sampler", "SoundTimes"),
        ("solver", "SoundSolver"),
        ("solver", "SoundSecantSolver"),
        ("metric", "SoundMetric"),
        ("metric", "SoundObservingMetric"),
        ("engine", "SoundEngine"),
    )
]


def failures(fault: Fault) -> dict[str, str]:
    """Check -> reason, of all that the component fails."""
    try:
        subject = fault.subject()
    except Exception as error:
        return {"check_builds": str(error)}
    try:
        _ = subject.object
    except Exception as error:
        return {"check_builds": str(error)}
    return {r.check: r.reason for r in run_checks(subject) if r.outcome == "failed"}


@pytest.mark.parametrize("sound", SOUND, ids=str)
def test_a_sound_component_passes_every_check(sound):
    assert failures(sound) == {}


@pytest.mark.parametrize("fault", CAUGHT, ids=str)
def test_a_seeded_fault_is_caught_by_the_check_that_is_there_for_it(fault):
    if fault.caught_by == "check_builds":
        reason = failures(fault)["check_builds"]
    else:
        (check,) = [c for c in checks_for(fault.kind) if c.name == fault.caught_by]
        with pytest.raises(ConformanceFailure) as raised:
            run_check(check, fault.subject())
        reason = str(raised.value)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("fault", MISSED, ids=str)
def test_a_fault_that_the_kit_cannot_see_is_listed_with_the_reason(fault):
    assert failures(fault) == {}
    assert fault.why


def test_at_least_95_percent_of_the_faults_are_caught_in_every_kind():
    assert len(FAULTS) >= 40
    assert len(CAUGHT) >= 0.95 * len(FAULTS)
    assert {fault.kind for fault in CAUGHT} == set(KINDS)
    assert len({(fault.target, fault.options) for fault in FAULTS}) == len(FAULTS)


def test_a_component_that_does_not_build_is_one_failed_check():
    fault = faults_options.FAULTS[-1]
    subject = fault.subject()
    (result,) = conform_component(subject.component, subject.registry)
    assert (result.check, result.outcome) == ("check_builds", "failed")
