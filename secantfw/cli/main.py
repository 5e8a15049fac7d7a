"""`secantfw VERB ...`: parse, load the plug-ins, run the verb, turn errors into lines."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import secantfw
from secantfw.cli import (
    check,
    components,
    describe,
    diff,
    doctor,
    evaluate,
    export,
    plugins,
    report,
    run,
    sample,
    show,
)
from secantfw.errors import ExitCode, SecantfwError
from secantfw.plugin.loader import Plugins, load_plugins

VERBS = (
    run, check, show, diff, plugins, components, describe, sample, evaluate, report, export, doctor,
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never shows a traceback for a user's mistake."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        return _main(arguments)
    except SecantfwError as error:
        if debug:
            raise
        for line in error.lines():
            print(f"secantfw: error: {line}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:  # `secantfw components | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.DONE)


def _main(arguments: list[str]) -> int:
    chosen, rest = _global_parser().parse_known_args(arguments)
    found = load_plugins(
        only=_names(chosen.plugins), without=chosen.no_plugin, strict=chosen.strict_plugins
    )
    parser = _parser(found)
    if not rest:
        parser.print_help()
        return int(ExitCode.USER)
    args, left = parser.parse_known_args(rest)
    # argparse gives `key=value` behind an option to nobody; they are overrides all the same.
    if left and (not hasattr(args, "overrides") or any(word.startswith("-") for word in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        args.overrides = [*args.overrides, *left]
    found.warn()
    return int(args.run(args, found))


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name for name in text.split(",") if name]


def _global_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("plug-ins and errors (before or after the verb)")
    group.add_argument(
        "--plugins",
        metavar="A,B",
        default=os.environ.get("SECANTFW_PLUGINS"),
        help="load only these plug-ins (also SECANTFW_PLUGINS)",
    )
    group.add_argument(
        "--no-plugin", metavar="NAME", action="append", default=[], help="do not load this plug-in"
    )
    group.add_argument(
        "--strict-plugins",
        action="store_true",
        default=bool(os.environ.get("SECANTFW_STRICT_PLUGINS")),
        help="a plug-in that fails to load is an error with its traceback",
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of every error")
    return parser


def _parser(found: Plugins) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="secantfw",
        description="Train, sample and compare secant losses for few-step diffusion.",
        parents=[_global_parser()],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"secantfw {secantfw.__version__}")
    subparsers = parser.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        own = subparsers.add_parser(
            verb.NAME, help=verb.HELP, description=verb.HELP, allow_abbrev=False
        )
        verb.add_arguments(own)
        own.set_defaults(run=verb.run)
    found.manager.hook.secantfw_commands(subparsers=subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
