"""Run a component's checks and say of each: ok, failed, skipped, or failed as expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import attrs
import torch

from secantfw.discovery.building import probed, unavailable
from secantfw.discovery.component import Component
from secantfw.discovery.registry import Registry
from secantfw.errors import SecantfwError
from secantfw.testing.check import Check, ConformanceFailure, Skip
from secantfw.testing.checks import checks_for
from secantfw.testing.subject import Subject, subject_of

Outcome = Literal["ok", "failed", "skipped", "expected"]
BUILDS = "check_builds"


@attrs.frozen
class CheckResult:
    """What one check said; `reason` is empty for "ok"."""

    component: str  # KIND:PLUGIN:NAME
    check: str
    outcome: Outcome
    reason: str = ""


def run_checks(subject: Subject) -> Iterator[CheckResult]:
    """Every check of the subject's kind, in order; expected failures are the component's own."""
    return _results(subject.component, lambda: subject)


def conform_component(component: Component, registry: Registry) -> Iterator[CheckResult]:
    """The same for a registered component with its example options."""
    missing = unavailable(component)
    if missing:
        name = f"{component.kind}:{component.full_name}"
        yield CheckResult(name, BUILDS, "skipped", missing)
        return
    yield from _results(component, lambda: subject_of(component, registry))


def run_check(check: Check, subject: Subject) -> None:
    """Run one check on one thread's default generator, put back afterwards.

    Raises:
        ConformanceFailure: the claim does not hold; also whatever else went wrong, by its name.
        Skip: it does not apply.
    """
    with torch.random.fork_rng(devices=[]):
        try:
            check.run(subject)
        except (ConformanceFailure, Skip):
            raise
        except Exception as error:
            said = (str(error).strip() or "no message").splitlines()[0]
            raise ConformanceFailure(f"{type(error).__name__}: {said}") from error


def _results(component: Component, make: Callable[[], Subject]) -> Iterator[CheckResult]:
    name = f"{component.kind}:{component.full_name}"
    try:
        subject = make()
        if missing := probed(component, subject.options):
            yield CheckResult(name, BUILDS, "skipped", missing)
            return
        _ = subject.object
    except Exception as error:
        said = error.lines()[0] if isinstance(error, SecantfwError) else str(error)
        yield CheckResult(name, BUILDS, "failed", f"{type(error).__name__}: {said}")
        return
    for check in checks_for(component.kind):
        yield _result(name, check, subject, component.expected_failures)


def _result(name: str, check: Check, subject: Subject, expected: Mapping[str, str]) -> CheckResult:
    try:
        run_check(check, subject)
    except Skip as skip:
        return CheckResult(name, check.name, "skipped", str(skip))
    except ConformanceFailure as failure:
        if check.name in expected:
            return CheckResult(name, check.name, "expected", expected[check.name])
        return CheckResult(name, check.name, "failed", str(failure))
    if check.name in expected:
        return CheckResult(name, check.name, "failed", "was expected to fail, and holds")
    return CheckResult(name, check.name, "ok")
