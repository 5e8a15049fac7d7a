"""Subject: a component under test, with its options and what it is built with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs
import torch

from secantfw.discovery.building import build
from secantfw.discovery.component import Component
from secantfw.discovery.registry import Registry
from secantfw.experiment.components import choose_from
from secantfw.interfaces.records import DataSpec
from secantfw.testing.site import sites, try_out


@attrs.frozen(eq=False, slots=False)
class Subject:
    """A component that checks look at; every check may build as many of it as it likes."""

    component: Component
    options: Any
    registry: Registry
    #: The data that it is built for; by default the first of a few that it accepts.
    spec: DataSpec | None = None

    def build(self, seed: int = 0) -> Any:
        """A new object of the component; its initial weights are a function of `seed`."""
        return self.build_with(self.options, seed)

    def build_with(self, options: Any, seed: int = 0) -> Any:
        """A new object with other options than the subject's."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return build(self.component, options, *self.site)

    @cached_property
    def object(self) -> Any:
        """One object that checks share; they leave it as it is."""
        return self.build()

    @cached_property
    def site(self) -> tuple[Any, ...]:
        """What the component is given beside its options: the first site at which it can be built.

        Raises:
            UserError: none will do; the first one's reason.
        """
        reasons = []
        for site in sites(self.component, self.options, self.registry, self.spec):
            try:
                try_out(self.component.kind, build(self.component, self.options, *site), site)
            except Exception as error:
                reasons.append(error)
            else:
                return site
        raise reasons[0]


def subject_of(
    component: Component,
    registry: Registry,
    options: Mapping[str, Any] | None = None,
    spec: DataSpec | None = None,
) -> Subject:
    """The component with `options` (TOML values) laid over its registered example.

    Raises:
        ExperimentError: options that it does not take.
    """
    table = {**component.example, **(options or {})}
    return Subject(component, structured(component, registry, table), registry, spec)


def structured(component: Component, registry: Registry, table: Mapping[str, Any]) -> Any:
    """The component's options from a table of TOML values, as an experiment's would be."""
    return choose_from(registry, component.kind, {"use": component.full_name, **table}).options
