"""Where components are built for the checks: data of a few shapes, on the kit's or any path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import torch

from secantfw.assembly.reference_data import ReferenceData
from secantfw.discovery.building import build, options_class
from secantfw.discovery.component import Component
from secantfw.discovery.registry import Registry
from secantfw.errors import UserError
from secantfw.interfaces.build_site import BuildSite
from secantfw.interfaces.metric import MetricSite
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond, DataSpec, WeightsHeader
from secantfw.options import option_info
from secantfw.parallel.engine import EngineSite
from secantfw.parallel.group import ALONE
from secantfw.parallel.pieces import Pieces
from secantfw.testing.reference_paths import QuarterCircle, StraightLine
from secantfw.weights.safetensors import read_header

#: Vectors, then pictures from small to the sizes that networks are made for.
SPECS = (
    DataSpec((2,), num_classes=4),
    DataSpec((1, 16, 16), num_classes=10),
    DataSpec((3, 32, 32), num_classes=10),
    DataSpec((4, 32, 32), num_classes=1000),
)


def sites(
    component: Component, options: Any, registry: Registry, spec: DataSpec | None
) -> Iterator[tuple[Any, ...]]:
    """What may follow the options when the component is built, the likeliest first."""
    if component.kind == "metric":
        for data in _specs(spec, None):
            yield (MetricSite(ReferenceData(data), torch.device("cpu")),)
    elif component.kind == "engine":
        yield (EngineSite(ALONE, Pieces(range(8), 8)),)
    elif component.kind in ("backbone", "teacher"):
        header = weights_header(options)
        for path in _paths(registry, header):
            for data in _specs(spec, header):
                yield (BuildSite(data, path, header),)
    else:
        yield ()


def try_out(kind: str, built: Any, site: tuple[Any, ...]) -> None:
    """Evaluate it once, so that data it cannot take show here; raises what the object raises."""
    if kind not in ("backbone", "teacher"):
        return
    spec = site[0].spec
    x, t = torch.zeros((2, *spec.shape)), torch.full((2,), 0.5)
    cond = Cond(torch.zeros(2, dtype=torch.int64) if spec.num_classes else None)
    with torch.no_grad():
        found = built(x, t, t, cond) if kind == "backbone" else built.velocity(x, t, cond)
    if found.shape != x.shape:
        raise UserError(f"gives {tuple(found.shape)} for data {tuple(x.shape)}")


def weights_header(options: Any) -> WeightsHeader | None:
    """The header of the file that an option `weights` names, if there is one."""
    field = attrs.fields_dict(type(options)).get("weights")
    if field is None or not option_info(field).is_path or options.weights is None:
        return None
    return read_header(options.weights)


def _specs(spec: DataSpec | None, header: WeightsHeader | None) -> tuple[DataSpec, ...]:
    said = spec if spec is not None or header is None else header.spec
    return SPECS if said is None else (said,)


def _paths(registry: Registry, header: WeightsHeader | None) -> Iterator[Path]:
    """The path of the weights; else the kit's own, then every registered one without options."""
    named = header.path_name if header is not None else ""
    if not named:
        yield StraightLine()
        yield QuarterCircle()
    for component in registry.of_kind("path"):
        if named in ("", component.full_name):
            try:
                yield build(component, options_class(component)())
            except (UserError, TypeError):
                continue  # broken, or with a required option: not this component's fault
