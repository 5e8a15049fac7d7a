"""What a run's numbers depend on: its experiment, the files that names, versions, the device."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch

from secantfw.discovery.records import Plugins
from secantfw.errors import UserError
from secantfw.experiment.keys import KeyPath, did_you_mean, dotted
from secantfw.experiment.leaves import leaves
from secantfw.experiment.load import LoadedExperiment
from secantfw.experiment.locations import locations
from secantfw.experiment.write import plain, value_text
from secantfw.interfaces.dataset import Dataset
from secantfw.runtime.devices import name_of
from secantfw.training.inputs import Input, inputs_of

_PACKAGES = ("secantfw", "torch", "numpy", "safetensors")
_NOT_SET = "(not set)"
_FILE = "(file)"  # in the place of a location, of which `inputs` says more


@attrs.frozen
class Provenance:
    """Kept in every checkpoint; a resumed run is compared with it."""

    digest: str  # of the resolved experiment
    experiment: Mapping[str, str]  # each value as TOML, by dotted key; `(file)` for a location
    versions: Mapping[str, str]
    inputs: Mapping[str, Input] = attrs.field(factory=dict)  # the files, by dotted key


@attrs.frozen
class Change:
    """A value that is not what it was."""

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.key}: {self.before} -> {self.after}"


def provenance_of(
    loaded: LoadedExperiment, plugins: Plugins, device: torch.device, dataset: Dataset
) -> Provenance:
    """
    Raises:
        UserError: items of the data set that cannot be read.
    """
    inputs = inputs_of(loaded.experiment, dataset)
    return Provenance(loaded.digest, _values(loaded), _versions(plugins, device), inputs)


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Where two mappings differ, in the order of their keys."""
    return [
        Change(key, before.get(key, _NOT_SET), after.get(key, _NOT_SET))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def input_changes(
    before: Mapping[str, Input], after: Mapping[str, Input], *, other_items: bool = False
) -> list[Change]:
    """Files that hold something else than they did, wherever they are.

    Several locations may share their content, as a data set's do: then those that moved are named.
    With `other_items` the data set's options differ, which give other items of the same files:
    then its items are compared only where its files are at another place.
    """
    differ = [
        key for key, new in after.items() if key in before and before[key].content != new.content
    ]
    moved = {key for key in differ if before[key].place != after[key].place}
    found = []
    for key in differ:
        content = after[key].content
        alone = not any(after[k].content == content for k in moved)
        if key in moved or (alone and not (other_items and after[key].is_items)):
            found.append(Change(key, str(before[key]), str(after[key])))
    return found


def moves(before: Mapping[str, Input], after: Mapping[str, Input]) -> list[Change]:
    """Files at another place with the content that they had."""
    return [
        Change(key, before[key].place, new.place)
        for key, new in after.items()
        if key in before and before[key].content == new.content and before[key].place != new.place
    ]


def forbidden(found: Sequence[Change], allowed: Sequence[str]) -> list[Change]:
    """The changes that no allowed key, or table of keys, covers."""
    return [c for c in found if not any(covers(key, c.key) for key in allowed)]


def covers(allowed: str, key: str) -> bool:
    return key == allowed or key.startswith((f"{allowed}.", f"{allowed}["))


def check_allowed(allowed: Sequence[str], known: Sequence[str]) -> None:
    """Refuse keys that no experiment of this kind has.

    Raises:
        UserError: with the nearest key.
    """
    for one in allowed:
        if not any(covers(one, key) for key in known):
            near = did_you_mean(one, known)
            hint = near if near.startswith("; did") else ""
            raise UserError(f"--allow-change {one}: the experiment has no such key{hint}")


def _values(loaded: LoadedExperiment) -> dict[str, str]:
    tables = plain(loaded.experiment, loaded.document)
    for location in locations(loaded.experiment):
        _set(tables, location.key, _FILE)
    return {dotted(key): value_text(value) for key, value in leaves(tables)}


def _set(tables: dict[str, Any], key: KeyPath, value: str) -> None:
    node: Any = tables
    for part in key[:-1]:
        node = node[part]
    node[key[-1]] = value


def _versions(plugins: Plugins, device: torch.device) -> dict[str, str]:
    local = {p.name for p in plugins.loaded if Path(p.distribution).suffix == ".py"}
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "device": name_of(device),
        "threads": str(torch.get_num_threads()),
        **{
            f"plug-in {plugin.name}": plugin.distribution
            for plugin in plugins.loaded
            if plugin.name not in local
        },
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
