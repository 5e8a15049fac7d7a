"""Options in a module that every listing would import torch for."""

import attrs
import torch  # noqa: F401 - the fault

import secantfw


@attrs.frozen
class TorchOptions:
    """One option."""

    power: float = secantfw.option(2.0, "exponent")
