"""Ends the process when asked for its verbs; no command of the core may notice."""

import sys

import secantfw


@secantfw.hookimpl
def secantfw_commands(subparsers):
    sys.exit(0)
