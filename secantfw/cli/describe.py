"""`secantfw describe KIND:[PLUGIN:]NAME`: what it declares, its options, a TOML block."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, get_type_hints

import attrs

from secantfw.discovery.building import options_class, probed
from secantfw.discovery.component import Component
from secantfw.discovery.local import load_local
from secantfw.discovery.records import Plugins
from secantfw.discovery.registry import KINDS
from secantfw.discovery.source import declarations, source_line
from secantfw.errors import ExitCode, UserError
from secantfw.experiment.structure import type_name
from secantfw.options import option_info
from secantfw.runtime.terminal import put

NAME = "describe"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="KIND:[PLUGIN:]NAME", help="e.g. loss:sdei")
    parser.add_argument(
        "--local", metavar="FILE", action="append", default=[], help="load this one-file plug-in"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    for file in args.local:
        load_local(plugins, Path(file))
    kind, _, name = args.name.partition(":")
    if kind not in KINDS or not name:
        raise UserError(f"describe: expected KIND:NAME with KIND one of {', '.join(KINDS)}; "
                        f"got {args.name!r}{plugins.registry.with_kind(args.name)}")  # fmt: skip
    component = plugins.registry.find(kind, name)
    declared = declarations(component)
    rows = option_rows(component)
    if args.json:
        said = {**attrs.asdict(component), "declares": declared, "options": rows}
        put(json.dumps(said, indent=2, default=str))
        return int(ExitCode.DONE)
    put(f"{component.kind} {component.full_name}: {component.summary}")
    if missing := probed(component):
        put(f"unavailable here: {missing}")
    for cite in component.cite:
        put(f"cite: {cite}")
    for attribute, text in declared.items():
        put(f"{attribute}: {text}")
    put(f"source: {source_line(component)}")
    for row in rows:
        put(_option_text(row))
    put(f"\n{toml_block(component, rows)}", end="")
    return int(ExitCode.DONE)


def option_rows(component: Component) -> list[dict[str, Any]]:
    """Each option's name, type, default (None where required or not set), unit, bounds, help."""
    options = options_class(component)
    rows, hints = [], get_type_hints(options)
    for field in attrs.fields(options):
        info = option_info(field)
        required = field.default is attrs.NOTHING
        rows.append(
            {
                "name": field.name,
                "type": type_name(hints[field.name]),
                "required": required,
                "default": None if required else field.default,
                "unit": info.unit,
                "bounds": info.bounds(),
                "choices": list(info.choices),
                "help": info.help,
            }
        )
    return rows


def _option_text(row: dict[str, Any]) -> str:
    default = "required" if row["required"] else f"default {_toml(row['default'])}"
    facts = [row["type"], default, row["unit"], row["bounds"]]
    return f"  {row['name']}: {', '.join(f for f in facts if f)}\n      {row['help']}"


def toml_block(component: Component, rows: list[dict[str, Any]]) -> str:
    """A table to paste: every option that has a value, those of the component's example with
    its values; required ones without an example are left to fill in."""
    header = "[[metrics.use]]" if component.kind == "metric" else f"[{component.kind}]"
    lines = [header, f'use = "{component.full_name}"']
    for row in rows:
        if row["name"] in component.example:
            value = _toml(component.example[row["name"]])
            lines.append(f"{row['name']} = {value}  # {row['help']}")
        elif row["required"]:
            lines.append(f"# {row['name']} = ...  # required: {row['help']}")
        elif row["default"] is None:
            lines.append(f"# {row['name']} = ...  # {row['help']}")
        else:
            lines.append(f"{row['name']} = {_toml(row['default'])}  # {row['help']}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if attrs.has(type(value)):
        said = attrs.asdict(value, recurse=False).items()
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in said if v is not None) + " }"
    return json.dumps(value)
