"""Raises in every hook that a command or a run calls."""

import secantfw


@secantfw.hookimpl
def secantfw_experiments():
    raise OSError("no experiments")


@secantfw.hookimpl
def secantfw_check(experiment):
    raise LookupError("no check")


@secantfw.hookimpl
def secantfw_doctor():
    yield secantfw.Finding("ok", "before it breaks")
    raise SystemExit(0)


@secantfw.hookimpl
def secantfw_run_started(run):
    raise RuntimeError("no start")


@secantfw.hookimpl
def secantfw_run_ended(run, outcome):
    raise AssertionError("detached plug-ins are not called again")
