"""What a run's numbers depend on: its experiment, the files that names, versions, the device."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
import torch

from secantfw.errors import UserError
from secantfw.experiment.experiment import Chosen, Experiment
from secantfw.experiment.keys import did_you_mean, dotted
from secantfw.experiment.leaves import leaves
from secantfw.experiment.load import LoadedExperiment
from secantfw.experiment.write import plain, value_text
from secantfw.options import option_info
from secantfw.plugin.records import Plugins

_PACKAGES = ("secantfw", "torch", "numpy", "safetensors")
_WITH_FILES = (
    "dataset", "augmentation", "path", "backbone", "teacher", "loss", "time_sampler", "solver",
    "engine",
)  # fmt: skip
_NOT_SET = "(not set)"


@attrs.frozen
class Provenance:
    """Kept in every checkpoint; a resumed run is compared with it."""

    digest: str  # of the resolved experiment
    experiment: Mapping[str, str]  # each value as TOML, by dotted key; of a file also its SHA-256
    versions: Mapping[str, str]


@attrs.frozen
class Change:
    """A value that is not what it was."""

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.key}: {self.before} -> {self.after}"


def provenance_of(loaded: LoadedExperiment, plugins: Plugins, device: torch.device) -> Provenance:
    return Provenance(loaded.digest, _values(loaded), _versions(plugins, device))


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Where two mappings differ, in the order of their keys."""
    return [
        Change(key, before.get(key, _NOT_SET), after.get(key, _NOT_SET))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def forbidden(found: Sequence[Change], allowed: Sequence[str]) -> list[Change]:
    """The changes that no allowed key, or table of keys, covers."""
    return [c for c in found if not any(covers(key, c.key) for key in allowed)]


def covers(allowed: str, key: str) -> bool:
    return key == allowed or key.startswith(f"{allowed}.")


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
    values = {dotted(key): value_text(value) for key, value in leaves(tables)}
    for key, file in _files(loaded.experiment):
        values[key] = f"{values.get(key, '')} sha256:{_sha256(file)}".strip()
    return values


def _files(experiment: Experiment) -> Iterator[tuple[str, Path]]:
    """The files that the options of an experiment's components name, by key."""
    yield from (("local_plugins", file) for file in experiment.local_plugins)
    for kind in _WITH_FILES:
        chosen: Chosen | None = getattr(experiment, kind)
        if chosen is None:
            continue
        for field in attrs.fields(type(chosen.options)):
            value = getattr(chosen.options, field.name, None)
            if option_info(field).is_path and value is not None:
                for text in (value,) if isinstance(value, str) else value:
                    if Path(text).is_file():
                        yield f"{kind}.{field.name}", Path(text)


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()[:16]


def _versions(plugins: Plugins, device: torch.device) -> dict[str, str]:
    local = {p.name for p in plugins.loaded if Path(p.distribution).suffix == ".py"}
    return {
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
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
