"""What to do about a plug-in that does not load."""

from __future__ import annotations

from secantfw.version import PLUGIN_API


def next_step(name: str, distribution: str, stage: str, error: BaseException) -> str:
    """One sentence for the person at the command line."""
    package, _, version = distribution.partition(" ")
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error.name, name, package)
    if stage == "api":
        return _other_api(getattr(error, "wanted", None), package, version)
    if stage == "name":
        return (
            f"uninstall one of the two (pip uninstall {package}), or ask its author to rename it"
        )
    if stage == "import":
        return f"reinstall or upgrade it (pip install --upgrade {package}), {_or_out(name)}"
    return f"report it to the author of {package}, {_or_out(name)}"


def _or_out(name: str) -> str:
    return f"or leave it out with --no-plugin {name}"


def _missing_module(module: str, name: str, package: str) -> str:
    top = module.partition(".")[0]
    if top == "secantfw":
        return f"upgrade both (pip install --upgrade secantfw {package}), {_or_out(name)}"
    if top.replace("_", "-") == package.replace("_", "-"):
        return f"its own files are missing: pip install --force-reinstall {package}"
    return f"install what it misses (perhaps pip install {top}), {_or_out(name)}"


def _other_api(wanted: object, package: str, version: str) -> str:
    if isinstance(wanted, int) and wanted > PLUGIN_API:
        older = f"pip install '{package}<{version}'"
        return f"upgrade secantfw (pip install --upgrade secantfw), or try {older}"
    return f"pip install --upgrade {package}, or an older secantfw"
