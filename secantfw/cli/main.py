"""`secantfw VERB ...`: parse, load the plug-ins, run the verb, turn errors into lines.

Only the verb that is asked for is imported; `--help` imports none of them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from secantfw.discovery.commands import plugin_commands
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, SecantfwError, UserError, nearest, printable
from secantfw.load_plugins import load_plugins
from secantfw.runtime.terminal import Surviving, put, say, surviving_output
from secantfw.version import __version__

#: Each is a module of this package with NAME, add_arguments and run; `--help` imports none.
#: Words that people type for some of them.
_SAID_FOR = {
    "train": "run", "fit": "run", "finetune": "run", "distill": "run", "eval": "evaluate",
    "test": "evaluate", "generate": "sample", "infer": "sample", "inference": "sample",
    "ls": "components", "list": "components", "init": "new", "validate": "check",
}  # fmt: skip
VERBS = {
    "run": "train an experiment, evaluate it and write its report",
    "plan": "say what a run would take on GPUs that are not here: memory, images/s, days",
    "check": "list every problem of an experiment; builds its networks without memory",
    "show": "print the resolved experiment with every default spelt out",
    "diff": "print the keys in which two experiments differ (files or run directories)",
    "compare": "compare runs: what differs, metrics with their spread over seeds, costs",
    "sweep": "run the variations of an experiment that a sweep file names, and compare them",
    "plugins": "list the installed plug-ins, what they bring, and what is wrong with them",
    "components": "list the components that experiments can name",
    "describe": "show a component's options, citation, source and a TOML block to paste",
    "sample": "draw samples from a trained run: a PNG each, or one samples.npy",
    "baselines": "search the best solver, grid and guidance of a teacher at each NFE",
    "evaluate": "evaluate a trained run and rewrite its evaluation and report",
    "report": "write a run's report.html again from what is in its directory",
    "export": "write a run's weights as safetensors that describe themselves, or for diffusers",
    "convert": "turn a foreign weights file into safetensors, executing nothing in it",
    "doctor": "check this machine: versions, devices, what plug-ins need",
    "conform": "check a plug-in's components against the conformance kit",
    "new": "write an installable plug-in with one component, an experiment and its tests",
    "cite": "print BibTeX of the papers that an experiment and its components follow",
}


#: They do what was asked whether or not anybody reads what they print.
_MAKES_FILES = (
    "run", "sweep", "sample", "baselines", "evaluate", "report", "export", "convert", "new",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never shows a traceback for a user's mistake."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    with surviving_output() as answers:
        try:
            code = _run(arguments)
        except SystemExit as stop:  # argparse's: --help, or a word that it does not know
            if stop.code in (None, 0) and (unread := _unread(answers)):
                raise SystemExit(unread) from stop
            raise
        return _unread(answers) if code == ExitCode.DONE and _answers(arguments) else code


def _run(arguments: list[str]) -> int:
    try:
        return _main(arguments)
    except SecantfwError as error:
        if "--debug" in arguments:
            raise
        for line in error.lines():
            say(f"secantfw: error: {printable(line)}")
        return int(error.exit_code)
    except KeyboardInterrupt as error:
        from secantfw.runtime.signals import exit_code

        return int(exit_code(error))


def _answers(arguments: list[str]) -> bool:
    """Whether what was asked for is what is printed, and not a file or a run."""
    verb = next((word for word in arguments if word in VERBS), None)
    listing = {"run": "--dry-steps", "sweep": "--list"}.get(verb or "", "")
    asked = any(word.partition("=")[0] == listing for word in arguments)
    return asked or verb not in _MAKES_FILES


def _unread(answers: Surviving) -> int:
    """The exit code of a command whose answer nobody got; DONE where it was written."""
    answers.flush()
    if answers.lost is None:
        return int(ExitCode.DONE)
    if isinstance(answers.lost, BrokenPipeError):  # `secantfw components | head`
        return int(ExitCode.UNREAD)
    say(f"secantfw: error: standard output cannot be written ({answers.lost.strerror})")
    return int(ExitCode.USER)


def _main(arguments: list[str]) -> int:
    chosen, rest = _global_parser().parse_known_args(arguments)
    if rest[:1] == ["--version"]:
        put(f"secantfw {__version__}")
        return int(ExitCode.DONE)
    found = load_plugins(
        only=_names(chosen.plugins),
        without=chosen.no_plugin,
        strict=chosen.strict_plugins,
        trace=chosen.trace_plugins,
    )
    found.trust = chosen.trust
    if not rest or rest[0].startswith("-"):
        parser = _overview(found)
        found.warn()
        parser.parse_args(rest)  # --help ends here, as does an unknown option
        parser.print_help()
        return int(ExitCode.USER)
    parser = _parser_of(rest[0], found)
    found.warn()
    args, left = parser.parse_known_args(rest[1:])
    # argparse gives `key=value` behind an option to nobody; they are overrides all the same.
    if left and (not hasattr(args, "overrides") or any(word.startswith("-") for word in left)):
        raise UserError(_unknown_word(rest[0], parser, left))
    if left:
        args.overrides = [*args.overrides, *left]
    args.arguments = arguments
    return int(args.run(args, found))


def _unknown_word(verb: str, parser: argparse.ArgumentParser, left: list[str]) -> str:
    """The first option that nobody knows, and the nearest that is known."""
    word = next((word for word in left if word.startswith("-")), left[0])
    name, _, value = word.lstrip("-").partition("=")
    if "." in name:  # as argparse and hydra's relatives have it
        return f"{verb}: unrecognized argument {word!r}; write {name}={value or 'VALUE'}"
    if name in ("config", "cfg", "config-file", "c"):
        return f"{verb}: unrecognized argument {word!r}; the file stands alone: {verb} FILE"
    near = nearest(word.partition("=")[0], parser.format_usage().replace("[", " ").split())
    hint = f"did you mean {near!r}?" if near and near.startswith("-") else "see --help"
    return f"{verb}: unrecognized argument {word!r}; {hint}"


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name for name in text.split(",") if name]


def _global_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("plug-ins and errors (before or after the verb)")
    group.add_argument(
        "--plugins", metavar="A,B", help="load only these plug-ins (also SECANTFW_PLUGINS)"
    )
    group.add_argument(
        "--no-plugin", metavar="NAME", action="append", default=[], help="do not load this plug-in"
    )
    group.add_argument(
        "--strict-plugins",
        action="store_true",
        default=bool(os.environ.get("SECANTFW_STRICT_PLUGINS")),
        help="a broken plug-in is an error with its traceback (also SECANTFW_STRICT_PLUGINS=1)",
    )
    group.add_argument(
        "--trace-plugins",
        action="store_true",
        default=bool(os.environ.get("SECANTFW_TRACE_PLUGINS")),
        help="say each hook call and its milliseconds (also SECANTFW_TRACE_PLUGINS=1)",
    )
    group.add_argument(
        "--trust",
        action="store_true",
        help="execute code that a run brings which was not made here by you, without asking",
    )
    group.add_argument("--debug", action="store_true", help="show the traceback of every error")
    return parser


def _parser_of(verb: str, found: Plugins) -> argparse.ArgumentParser:
    """The parser of one verb; what plug-ins add is asked for only if the core has no such verb.

    Raises:
        UserError: nobody has the verb.
    """
    if verb in VERBS:
        module = _module(verb)
        parser = argparse.ArgumentParser(
            prog=f"secantfw {verb}", description=VERBS[verb], allow_abbrev=False
        )
        module.add_arguments(parser)
        parser.set_defaults(run=module.run)
        return parser
    commands = plugin_commands(found, VERBS)
    if verb in commands:
        return commands[verb].parser
    found.warn()
    near = _SAID_FOR.get(verb) or nearest(verb, [*VERBS, *commands])
    hint = f"did you mean {near!r}?" if near else "see secantfw --help"
    raise UserError(f"no verb named {verb!r}; {hint}")


def _module(verb: str) -> Any:
    return importlib.import_module(f"secantfw.cli.{verb}")


def _overview(found: Plugins) -> argparse.ArgumentParser:
    """What `secantfw --help` shows: every verb with its line."""
    parser = argparse.ArgumentParser(
        prog="secantfw",
        description="Train, sample and compare secant losses for few-step diffusion.",
        epilog="'secantfw VERB --help' says what a verb takes.",
        parents=[_global_parser()],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="show secantfw's version and exit")
    subparsers = parser.add_subparsers(metavar="VERB", title="verbs")
    for verb, line in VERBS.items():
        subparsers.add_parser(verb, help=line)
    for name, command in plugin_commands(found, VERBS).items():
        subparsers.add_parser(name, help=f"{command.help} (plug-in {command.plugin})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
