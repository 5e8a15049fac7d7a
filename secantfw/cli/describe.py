"""`secantfw describe KIND:[PLUGIN:]NAME`: options, bounds, citation, source, a TOML block."""

from __future__ import annotations

import argparse
import json
from typing import Any

import attrs

from secantfw.errors import ExitCode, UserError
from secantfw.options import option_info
from secantfw.plugin.building import options_class
from secantfw.plugin.component import Component
from secantfw.plugin.loader import Plugins
from secantfw.plugin.registry import KINDS
from secantfw.plugin.source import source_line

NAME = "describe"
HELP = "show a component's options, citation, source and a TOML block to paste"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="KIND:[PLUGIN:]NAME", help="e.g. loss:sdei")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    kind, _, name = args.name.partition(":")
    if kind not in KINDS or not name:
        raise UserError(f"describe: expected KIND:NAME with KIND one of {', '.join(KINDS)}; "
                        f"got {args.name!r}{plugins.registry.with_kind(args.name)}")  # fmt: skip
    component = plugins.registry.find(kind, name)
    rows = option_rows(component)
    if args.json:
        print(json.dumps({**attrs.asdict(component), "options": rows}, indent=2, default=str))
        return int(ExitCode.DONE)
    print(f"{component.kind} {component.full_name}: {component.summary}")
    for cite in component.cite:
        print(f"cite: {cite}")
    print(f"source: {source_line(component)}")
    for row in rows:
        print(_option_text(row))
    print(f"\n{toml_block(component, rows)}", end="")
    return int(ExitCode.DONE)


def option_rows(component: Component) -> list[dict[str, Any]]:
    """Each option's name, type, default (None where required or not set), unit, bounds, help."""
    rows = []
    for field in attrs.fields(options_class(component)):
        info = option_info(field)
        required = field.default is attrs.NOTHING
        rows.append(
            {
                "name": field.name,
                "type": str(field.type),
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
    return json.dumps(value)
