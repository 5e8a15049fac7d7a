"""Seeded bugs of options: TOML cannot hold them, nobody explains them, or they cost torch."""

from __future__ import annotations

from faults import Fault
from sound import SoundLoss


class WithOptions(SoundLoss):
    """A sound loss that is given options."""


FAULTS = (
    Fault("loss", "faults_options:WithOptions", "options change at each reading",
          "check_options_survive_toml", options="plain_options:Degrees"),
    Fault("loss", "faults_options:WithOptions", "options have a field TOML does not give back",
          "check_options_survive_toml", options="plain_options:Clipped"),
    Fault("loss", "faults_options:WithOptions", "options hold a dict",
          "check_options_survive_toml", options="plain_options:Mapping"),
    Fault("loss", "faults_options:WithOptions", "an option without help",
          "check_options_are_documented", options="plain_options:Silent"),
    Fault("loss", "faults_options:WithOptions", "options in a module that imports torch",
          "check_options_need_no_torch", options="faults_torch_options:TorchOptions"),
    Fault("loss", "plain_options:NoOptions", "not a loss at all", "check_builds"),
)  # fmt: skip
