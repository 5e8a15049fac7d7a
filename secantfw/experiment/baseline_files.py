"""Where an evaluation looks for strong baselines: `evaluate.baselines`. Imports no torch.

"auto"   ./baselines/FINGERPRINT.json, which `secantfw baselines` writes there; else the file
         among the assets `baselines/...` of the plug-ins that is of this teacher
"none"   no baselines beside the experiment's solvers
PATH     this file, or `asset:NAME`; it must be of this teacher
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from secantfw.discovery.registry import Registry
from secantfw.experiment.paths import existing
from secantfw.experiment.scope import Scope

AUTO, NONE = "auto", "none"
#: In the current directory.
FOLDER = "baselines"
#: The assets of plug-ins that are baselines files are called so.
ASSETS = "baselines/"
#: Of the fingerprint, in a file's name.
DIGITS = 16


@attrs.frozen
class BaselineFiles:
    """The files to look at in order; a `named` one is the only one, and has to fit."""

    named: Path | None = None
    own: tuple[Path, ...] = ()
    shipped: tuple[Path, ...] = ()
    registry: Registry | None = attrs.field(default=None, eq=False, repr=False)


def baseline_files(said: str, scope: Scope) -> BaselineFiles | None:
    """What the value of `evaluate.baselines` means; None once its problem is listed."""
    if said == NONE:
        return BaselineFiles()
    registry = scope.registry
    if said != AUTO:
        found = existing(said, ("evaluate", "baselines"), scope)
        return None if found is None else BaselineFiles(Path(found), registry=registry)
    own = sorted(Path(FOLDER).absolute().glob("*.json"))
    assets = registry.assets.values()
    shipped = [asset.file for asset in assets if asset.name.startswith(ASSETS)]
    return BaselineFiles(None, tuple(own), tuple(shipped), registry)


def as_said(said: str, files: BaselineFiles) -> Any:
    """The value as a resolved experiment has it: a path absolute, an asset by its name."""
    is_path = files.named is not None and not said.startswith("asset:")
    return str(files.named) if is_path else said
