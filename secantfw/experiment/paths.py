"""Files that an experiment names: `asset:NAME`, or a path relative to the file that says it.

`set:WHAT` stands for a file that everyone has to get: it says what to set the key to.
"""

from __future__ import annotations

import os
from pathlib import Path

from secantfw.errors import UserError
from secantfw.experiment.keys import KeyPath, dotted, shown
from secantfw.experiment.read import RESOLVED
from secantfw.experiment.scope import Scope

ASSET = "asset:"
PLACEHOLDER = "set:"


def existing(text: str, key: KeyPath, scope: Scope) -> str | None:
    """The absolute path of what `text`, the value at `key`, names; None if it is not there."""
    if text.startswith(ASSET):
        return _asset(text.removeprefix(ASSET), key, scope)
    if text.startswith(PLACEHOLDER):
        what = text.removeprefix(PLACEHOLDER).strip()
        return scope.lack(key, f"set this to a path of yours: {what}", text)
    path = os.path.abspath(os.path.join(scope.document.owner(key).folder, text))
    if text and "\0" not in text and _exists(Path(path)):
        return path
    hint = ""
    main = scope.document.main.file
    if main is not None and main.name == RESOLVED:
        hint = f"; if it has moved, say where to: {dotted(key)}=PLACE"
    return scope.lack(key, f"no such file: {shown(text)} (looked for {path!r}){hint}", path)


def as_written(said: object, path: str) -> str:
    """How the resolved file names `path`: as the asset it was said to be, or absolutely."""
    known = isinstance(said, str) and said.startswith((ASSET, PLACEHOLDER))
    return str(said) if known else path


def _asset(name: str, key: KeyPath, scope: Scope) -> str | None:
    try:
        asset = scope.registry.find_asset(name)
    except UserError as error:
        scope.add(key, str(error))
        return None
    if not _exists(asset.file):
        what = (
            f"plug-in {asset.plugin!r} registers {asset.name!r} but {str(asset.file)!r} is missing"
        )
        scope.add(key, what)
        return None
    return os.path.abspath(asset.file)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long, a loop of links, a folder without permission
        return False
