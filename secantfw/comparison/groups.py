"""Runs that differ in nothing but seeds are one group; what differs between the groups."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from secantfw.comparison.run_record import ComparedRun
from secantfw.discovery.registry import KINDS

#: A group has one of each; they are what its spread is over.
SEEDS = ("seed", "evaluate.seed")
#: They say what an experiment is called, not what it does.
NAMES = ("name", "title", "cite", "requires")
NOT_SET = "(not set)"


@attrs.frozen(eq=False)
class Group:
    """Runs of one experiment; `letter` stands for it in the tables of numbers."""

    letter: str
    runs: tuple[ComparedRun, ...]

    @property
    def settings(self) -> Mapping[str, str]:
        return self.runs[0].settings

    @property
    def name(self) -> str:
        """What the experiment is called; a run that never began has its label only."""
        said = self.settings.get("name", "").strip('"')
        return said or self.runs[0].label


def grouped(runs: Sequence[ComparedRun], baseline: ComparedRun | None = None) -> list[Group]:
    """The groups in order of appearance, the baseline's first."""
    found: dict[tuple[tuple[str, str], ...], list[ComparedRun]] = {}
    seen: set[Path | None] = set()
    for run in [*([baseline] if baseline else []), *runs]:
        if run.directory is None or run.directory not in seen:
            found.setdefault(_identity(run), []).append(run)
        seen.add(run.directory)
    letters = map(_letter, range(len(found)))
    return [
        Group(letter, tuple(same)) for letter, same in zip(letters, found.values(), strict=True)
    ]


def differing_keys(groups: Sequence[Group]) -> list[str]:
    """The keys whose values are not the same in all groups.

    Where a table names different components, options that only some of them have say nothing new.
    """
    known = [group.settings for group in groups if group.settings]
    keys = dict.fromkeys(key for settings in known for key in settings)
    differ = [key for key in keys if len({settings.get(key) for settings in known}) > 1]
    other: set[str] = {kind for kind in KINDS if f"{kind}.use" in differ}
    return [
        key
        for key in differ
        if key not in (*SEEDS, *NAMES)
        and not (_foreign(key, other) and any(key not in settings for settings in known))
    ]


def setting(group: Group, key: str) -> str:
    """A value as a reader wants it: a text without its quotes."""
    said = group.settings.get(key, NOT_SET)
    return said[1:-1] if len(said) > 1 and said[0] == said[-1] == '"' else said


def _foreign(key: str, other: set[str]) -> bool:
    """Whether `key` is an option of a component that is not the same one in all groups."""
    table, _, option = key.partition(".")
    return table in other and option != "use"


def _identity(run: ComparedRun) -> tuple[tuple[str, str], ...]:
    said = {k: v for k, v in run.settings.items() if k not in (*SEEDS, *NAMES)}
    return tuple(sorted(said.items())) if said else (("", run.label),)


def _letter(number: int) -> str:
    """A, B ... Z, AA, AB ..."""
    text = ""
    while number >= 0:
        number, digit = divmod(number, 26)
        text, number = string.ascii_uppercase[digit] + text, number - 1
    return text
