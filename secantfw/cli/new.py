"""`secantfw new plugin NAME --kind KIND`: a plug-in of one's own that passes its own tests."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from secantfw.cli.arguments import out_path
from secantfw.discovery.records import Plugins
from secantfw.discovery.scaffold import KINDS, check_name, write_plugin
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put

NAME = "new"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["plugin"], metavar="plugin", help="what to write")
    parser.add_argument("name", metavar="NAME", help="of the plug-in and its component: my_loss")
    parser.add_argument("--kind", choices=KINDS, required=True, help="what the component is")
    parser.add_argument(
        "--out", metavar="DIR", type=out_path, default=Path(), help="where its folder goes"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    check_name(args.name)  # before it is looked for as a module
    if any(p.name == args.name for p in plugins.loaded) or find_spec(f"secantfw_{args.name}"):
        raise UserError(f"new: a plug-in named {args.name!r} is installed; choose another name")
    folder = write_plugin(args.name, args.kind, args.out)
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        put(file)
    put(f'next: pip install -e "{folder}[test]" && pytest "{folder}"')
    put(f"then: secantfw run {args.name}/{args.name}.toml")
    return int(ExitCode.DONE)
