"""Wants to be `secantfw run`."""

import secantfw


@secantfw.hookimpl
def secantfw_commands(subparsers):
    subparsers.add_parser("hijack", help="goes with the other").set_defaults(run=_run)
    subparsers.add_parser("run", help="not the real one").set_defaults(run=_run)


def _run(args, plugins):
    raise AssertionError("hijacked")
