"""Two plug-ins, one verb: this module's own hook takes one name twice."""

import secantfw


@secantfw.hookimpl
def secantfw_commands(subparsers):
    subparsers.add_parser("twice", help="first").set_defaults(run=print)
    subparsers.add_parser("twice", help="second").set_defaults(run=print)
