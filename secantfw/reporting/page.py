"""A page from its template: one file, everything in it escaped, nothing loaded from outside."""

from __future__ import annotations

from importlib import resources
from typing import Any

from secantfw.pictures.palette import theme_css, variable


def render_page(template: str, **parts: Any) -> str:
    """The page `template` of this package's templates with `parts` in it."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["colour"] = variable
    css = theme_css() + _text("page.css")
    return environment.get_template(template).render(css=css, **parts)


def _text(name: str) -> str:
    file = resources.files("secantfw.reporting") / "templates" / name
    return file.read_text(encoding="utf-8")
