"""What loading the plug-ins gave: those that work, those that do not, and what was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Literal

import attrs
import pluggy

from secantfw.discovery.hints import next_step
from secantfw.discovery.registry import Registry
from secantfw.runtime.terminal import warn

Stage = Literal[
    "name", "import", "api", "hooks", "components", "commands", "experiments", "weights_formats"
]
Level = Literal["warning", "note"]


def cause(error: BaseException) -> str:
    """The error in one line."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


@attrs.frozen
class PluginFailure:
    """Why a plug-in is not there."""

    name: str
    distribution: str
    stage: Stage
    error: BaseException

    def __str__(self) -> str:
        return (
            f"plug-in {self.name!r} ({self.distribution}) not loaded: {self.cause}. "
            f"Run 'secantfw plugins --why {self.name}'"
        )

    @property
    def cause(self) -> str:
        return cause(self.error)

    @property
    def next_step(self) -> str:
        return next_step(self.name, self.distribution, self.stage, self.error)


@attrs.frozen
class PluginWarning:
    """Something a plug-in that works did wrong; a `note` is shown by `secantfw plugins` only."""

    name: str
    distribution: str
    stage: Stage
    what: str
    next_step: str
    level: Level = "warning"
    error: BaseException | None = None

    def __str__(self) -> str:
        return f"plug-in {self.name!r} ({self.distribution}) {self.what}; {self.next_step}"


@attrs.frozen
class LoadedPlugin:
    """A plug-in that works: its name, where it comes from, what loading it took."""

    name: str
    distribution: str
    milliseconds: float
    module: ModuleType
    code: bytes = attrs.field(default=b"", repr=False)  # of a local plug-in: what was executed


@attrs.define
class Plugins:
    """The hooks to call, the registry, what was wrong, and what was left out by name."""

    manager: pluggy.PluginManager
    registry: Registry
    loaded: list[LoadedPlugin]
    failures: list[PluginFailure]
    warnings: list[PluginWarning] = attrs.field(factory=list)
    blocked: dict[str, str] = attrs.field(factory=dict)  # name and distribution
    strict: bool = False
    trace: bool = False
    trust: bool = False  # code that a stranger's run brings may be executed

    def warn(self) -> None:
        """One stderr line for each plug-in that failed, and for each warning."""
        for line in self._lines():
            warn(line)

    def _lines(self) -> Iterator[str]:
        yield from map(str, self.failures)
        yield from (str(w) for w in self.warnings if w.level == "warning")

    def distribution(self, name: str) -> str:
        """The distribution of a loaded plug-in."""
        return next((p.distribution for p in self.loaded if p.name == name), "no distribution")

    def hook_failed(self, name: str, stage: Stage, error: Exception) -> None:
        """Note that a plug-in's hook raised; with `strict`, raise it.

        Raises:
            Exception: the hook's own, with `strict`.
        """
        if self.strict:
            raise error
        what = f"failed in secantfw_{stage}: {cause(error)}"
        hint = f"run 'secantfw plugins --why {name}'"
        source = self.distribution(name)
        self.warnings.append(PluginWarning(name, source, stage, what, hint, error=error))
