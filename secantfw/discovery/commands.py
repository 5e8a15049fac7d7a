"""Verbs that plug-ins add to the command line, through `secantfw_commands`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

import attrs

from secantfw.discovery.calling import call, implementations
from secantfw.discovery.records import Plugins


@attrs.frozen
class Command:
    """A plug-in's verb and its parser, whose default `run` is called as `run(args, plugins)`."""

    plugin: str
    help: str
    parser: argparse.ArgumentParser


@attrs.define
class Subparsers:
    """What `secantfw_commands` is given: `add_parser`, as argparse's own subparsers have it."""

    plugin: str
    taken: dict[str, str]  # verb and whose it is
    commands: dict[str, Command] = attrs.field(factory=dict, init=False)

    def add_parser(self, name: str, *, help: str, **settings: Any) -> argparse.ArgumentParser:
        """A parser for the verb `name`; give it `set_defaults(run=FUNCTION)`.

        Raises:
            ValueError: the core, another plug-in or this one has the verb already.
        """
        if name in self.taken or name in self.commands:
            owner = self.taken.get(name, f"plug-in {self.plugin!r}")
            raise ValueError(f"verb {name!r} belongs to {owner} already; give yours another name")
        settings = {"prog": f"secantfw {name}", "description": help, **settings}
        parser = argparse.ArgumentParser(allow_abbrev=False, **settings)
        self.commands[name] = Command(self.plugin, help, parser)
        return parser


def plugin_commands(plugins: Plugins, core: Iterable[str]) -> dict[str, Command]:
    """Every plug-in's verbs; a plug-in whose hook fails or takes a verb brings none, and is named.

    Plug-ins come in the order of their names, so that who keeps a contested verb is no accident.
    """
    taken = dict.fromkeys(core, "secantfw itself")
    found: dict[str, Command] = {}
    for implementation in implementations(plugins, "secantfw_commands"):
        own = Subparsers(implementation.plugin_name, taken)
        try:
            call(plugins, implementation, "secantfw_commands", subparsers=own)
            _check_run(own)
        except Exception as error:
            plugins.hook_failed(own.plugin, "commands", error)
            continue
        found.update(own.commands)
        taken.update(dict.fromkeys(own.commands, f"plug-in {own.plugin!r}"))
    return found


def _check_run(own: Subparsers) -> None:
    for name, command in own.commands.items():
        if command.parser.get_default("run") is None:
            raise ValueError(f"verb {name!r} has no run: call parser.set_defaults(run=FUNCTION)")
