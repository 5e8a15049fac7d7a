"""The conformance kit: an oracle with known answers, and checks for components.

    import secantfw.testing

    @secantfw.testing.conformance("loss:huber", expected_failures={"check_fixed_point": "..."})
    def test_conformance(): ...

`checks_for(kind)` lists the checks; `secantfw conform NAME` runs them on the command line.
"""

from secantfw.testing.check import Check as Check
from secantfw.testing.check import ConformanceFailure as ConformanceFailure
from secantfw.testing.check import Skip as Skip
from secantfw.testing.checks import checks_for as checks_for
from secantfw.testing.decorator import conformance as conformance
from secantfw.testing.running import CheckResult as CheckResult
from secantfw.testing.running import run_checks as run_checks
from secantfw.testing.subject import Subject as Subject
from secantfw.testing.subject import subject_of as subject_of
