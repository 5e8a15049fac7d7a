"""The registry: components by kind and name, each known by an import string until it is used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, get_args

import attrs

from secantfw.discovery.component import Asset, Component, Kind
from secantfw.errors import UserError, nearest

if TYPE_CHECKING:
    from typing_extensions import Unpack

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
KINDS: tuple[Kind, ...] = get_args(Kind)


@attrs.define
class Registry:
    """Every component and asset of the plug-ins that loaded."""

    components: dict[tuple[str, str], Component] = attrs.field(factory=dict)  # kind, plugin:name
    assets: dict[str, Asset] = attrs.field(factory=dict)
    bibliographies: list[Path] = attrs.field(factory=list)  # BibTeX files
    #: Said after "no such component", so that a broken plug-in is never silent.
    failures: list[str] = attrs.field(factory=list)

    def of_kind(self, kind: str) -> list[Component]:
        return sorted(
            (c for (k, _), c in self.components.items() if k == kind), key=lambda c: c.full_name
        )

    def __iter__(self) -> Iterator[Component]:
        for kind in KINDS:
            yield from self.of_kind(kind)

    def find(self, kind: str, name: str) -> Component:
        """The component called `[plugin:]name`.

        Raises:
            UserError: none of that name, or a bare name that several plug-ins claim.
        """
        if ":" in name:
            found = [c for c in self.of_kind(kind) if c.full_name == name]
        else:
            found = [c for c in self.of_kind(kind) if c.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            choices = " or ".join(repr(c.full_name) for c in found)
            raise UserError(f"several plug-ins have a {kind} named {name!r}; write {choices}")
        raise UserError(self._unknown(kind, name))

    def _unknown(self, kind: str, name: str) -> str:
        plugin = name.partition(":")[0] if ":" in name else ""
        known = self.of_kind(kind)
        if plugin and plugin not in {c.plugin for c in self}:
            text = f"no plug-in named {plugin!r} is installed (for {kind} {name!r})"
        else:
            names = [c.name for c in known] + [c.full_name for c in known]
            near = _known_as(name, known) or nearest(name, names)
            listed = "known: " + ", ".join(names[: len(known)]) if known else "none is installed"
            hint = f"did you mean {near!r}?" if near else listed
            text = f"no {kind} named {name!r}; {hint}"
        return "; ".join([text, *self.failures])

    def with_kind(self, name: str) -> str:
        """`; did you mean 'solver:rk4'?` where the kind of `[plugin:]name` was left out, or ''."""
        found = [f"{c.kind}:{name}" for c in self if name in (c.name, c.full_name)]
        choices = " or ".join(map(repr, dict.fromkeys(found)))
        return f"; did you mean {choices}?" if choices else ""

    def find_asset(self, name: str) -> Asset:
        """The asset called NAME of `asset:NAME`; UserError if no plug-in ships it."""
        if name in self.assets:
            return self.assets[name]
        near = nearest(name, self.assets)
        hint = f"did you mean {near!r}?" if near else "known: " + ", ".join(sorted(self.assets))
        raise UserError(f"no plug-in ships an asset named {name!r}; {hint}")


def _known_as(name: str, components: Iterable[Component]) -> str | None:
    return next((c.name for c in components if name.lower() in c.known_as), None)


class About(TypedDict, total=False):
    """What a plug-in may say of a component when it registers it, by keyword.

    `options` is `module:Class` of an attrs class in a torch-free module; without it the
    component's own attrs fields are its options and listing them imports the component.
    `summary` is one line, `cite` the papers ("arXiv:2505.14502"), `needs` what the machine must
    have ("cuda").

    `example` are options, as TOML values, with which the component can be built anywhere: where
    an option is required, or a default shows too little of it. `describe` prints them, `conform`
    builds with them. `expected_failures` maps the name of a conformance check that the component
    fails on purpose to the reason, in one sentence.

    `probe` is `module:function` in a torch-free module: given the options, or None in a listing,
    it says in a few words why the component cannot run on this machine; '' if it can.

    `known_as` are names that people type for it ("fid"), for which it is suggested.
    """

    options: str | None
    summary: str
    cite: Sequence[str]
    needs: Sequence[str]
    example: Mapping[str, Any] | None
    expected_failures: Mapping[str, str] | None
    probe: str | None
    known_as: Sequence[str]


@attrs.define
class Register:
    """What `secantfw_components` is given: one method per kind, all of one signature.

    `name` matches `[a-z][a-z0-9_]*`, `target` is `module:Class`; `About` has the keywords.
    """

    plugin: str
    folder: Path
    _components: list[Component] = attrs.field(factory=list, init=False)
    _assets: list[Asset] = attrs.field(factory=list, init=False)
    _bibliographies: list[Path] = attrs.field(factory=list, init=False)

    def _add(self, kind: Kind, name: str, target: str, **about: Unpack[About]) -> None:
        if not NAME_PATTERN.fullmatch(name):
            raise ValueError(f"{kind} name {name!r} does not match {NAME_PATTERN.pattern}")
        _check_about(f"{kind} {name!r}", target, about)
        if any(c.kind == kind and c.name == name for c in self._components):
            raise ValueError(f"{kind} {name!r} is registered twice by one plug-in")
        self._components.append(
            Component(
                kind,
                self.plugin,
                name,
                target,
                about.get("options"),
                about.get("summary", ""),
                tuple(about.get("cite", ())),
                tuple(about.get("needs", ())),
                dict(about.get("example") or {}),
                dict(about.get("expected_failures") or {}),
                about.get("probe"),
                tuple(about.get("known_as", ())),
            )
        )

    def backbone(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `Backbone`: the two-time student."""
        self._add("backbone", name, target, **about)

    def teacher(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `Teacher`: a frozen source of tangents."""
        self._add("teacher", name, target, **about)

    def loss(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `SecantLoss`."""
        self._add("loss", name, target, **about)

    def path(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `Path`: an interpolant."""
        self._add("path", name, target, **about)

    def time_sampler(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `TimeSampler`: a law of training times."""
        self._add("time_sampler", name, target, **about)

    def solver(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `Solver`."""
        self._add("solver", name, target, **about)

    def dataset(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `Dataset`."""
        self._add("dataset", name, target, **about)

    def augmentation(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register an `Augmentation`: what changes training items at random."""
        self._add("augmentation", name, target, **about)

    def metric(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register a `Metric`."""
        self._add("metric", name, target, **about)

    def engine(self, name: str, target: str, **about: Unpack[About]) -> None:
        """Register an `Engine`: how a gradient comes about, on one process or on several."""
        self._add("engine", name, target, **about)

    def asset(self, name: str, file: str) -> None:
        """Register a file the plug-in ships, relative to its module's folder, as `asset:NAME`."""
        self._assets.append(Asset(name, self.plugin, self.folder / file))

    def bibliography(self, file: str) -> None:
        """Register a BibTeX file the plug-in ships, relative to its module's folder.

        `secantfw cite` finds in it, by `eprint` (arXiv) or `doi`, what components cite.
        """
        self._bibliographies.append(self.folder / file)

    def into(self, registry: Registry) -> None:
        """Add everything registered so far; called once the whole hook has succeeded."""
        taken = [a.name for a in self._assets if a.name in registry.assets]
        if taken:
            owner = registry.assets[taken[0]].plugin
            raise ValueError(f"asset {taken[0]!r} is shipped by plug-in {owner!r} already")
        registry.components.update({(c.kind, c.full_name): c for c in self._components})
        registry.assets.update({a.name: a for a in self._assets})
        registry.bibliographies.extend(self._bibliographies)


def _check_about(what: str, target: str, about: About) -> None:
    unknown = sorted(set(about) - set(About.__annotations__))
    if unknown:
        near = nearest(unknown[0], About.__annotations__)
        hint = f"did you mean {near!r}?" if near else "known: " + ", ".join(About.__annotations__)
        raise TypeError(f"{what}: no keyword {unknown[0]!r}; {hint}")
    for text in (target, about.get("options"), about.get("probe")):
        if text is not None and text.count(":") != 1:
            raise ValueError(f"{what}: {text!r} is not of the form 'module:Name'")
    if isinstance(about.get("cite"), str):
        raise TypeError(f"{what}: cite is a list of texts, not one text")


def import_string(text: str) -> Any:
    """The object that `module:name` names."""
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)
