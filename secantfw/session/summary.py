"""A run in a notebook's cell: title, headline, the pictures its evaluation left."""

from __future__ import annotations

from html import escape
from pathlib import Path

from secantfw.discovery.records import Plugins
from secantfw.reporting import facts
from secantfw.reporting.headline import DEFAULT_NFE, headline
from secantfw.reporting.run_files import RunFiles
from secantfw.reporting.sample_pictures import Picture
from secantfw.reporting.sections import notes


def summary(run: RunFiles, report: Path, plugins: Plugins) -> str:
    """A fragment of HTML that needs nothing but itself."""
    said = headline(run.evaluation)
    context = " ".join(filter(None, [said.context, *notes(run.evaluation, plugins)]))
    lines = [said.sentence, context, facts.warning(run), " · ".join(facts.byline(run))]
    text = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    link = f'<p><a href="{escape(report.as_uri())}">report.html</a></p>' if report.exists() else ""
    return f"<div><h3>{escape(run.title)}</h3>{text}{_picture(run)}{link}</div>"


def _picture(run: RunFiles) -> str:
    found = _chosen(run)
    if found is None:
        return ""
    pixelated = "image-rendering:pixelated;" if found.crisp else ""
    style = f"{pixelated}min-width:min(280px,100%);max-width:min(560px,100%)"
    return f'<img alt="{escape(found.name)}" style="{style}" src="{found.uri}">'


def _chosen(run: RunFiles) -> Picture | None:
    """The grid of the first series nearest the headline's NFE; else another picture."""
    wanted = run.evaluation.headline_nfe if run.evaluation else None
    wanted = wanted or DEFAULT_NFE
    grids = [p for row in run.gallery.rows[:1] for p in row.pictures if p is not None]
    nearest = min(grids, key=lambda p: abs((p.nfe or 0) - wanted), default=None)
    return nearest or next(iter(run.gallery.others), None)
