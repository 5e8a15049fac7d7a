"""From a TOML file to a resolved experiment. Imports no torch; nothing in a file is executed."""

from __future__ import annotations

from secantfw.experiment.load import LoadedExperiment as LoadedExperiment
from secantfw.experiment.load import load as load
from secantfw.experiment.load import resolved_toml as resolved_toml
