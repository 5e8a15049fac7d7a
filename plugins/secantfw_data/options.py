"""The options of the data sets. No torch here: every listing reads this module."""

from __future__ import annotations

import attrs

import secantfw


@attrs.frozen
class Fashion16Options:
    """Options of `fashion16`."""

    labels: bool = secantfw.option(True, "give the class labels (10 classes)")
