"""What pip leaves of a plug-in that is one module."""

from __future__ import annotations

from pathlib import Path


def write_distribution(folder: Path, name: str, source: str, version: str = "1.0") -> None:
    """The module NAME_plugin and metadata that names its entry point."""
    module = f"{name}_plugin"
    info = folder / f"{name}_dist-{version}.dist-info"
    info.mkdir(parents=True)
    (folder / f"{module}.py").write_text(source)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: {version}\n"
    )
    (info / "entry_points.txt").write_text(f"[secantfw]\n{name} = {module}\n")
