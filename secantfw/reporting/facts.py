"""Plan, environment and outcome as short lines of text: whatever keys a run happens to have."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import attrs

from secantfw.evaluation.evaluation import Evaluation
from secantfw.reporting.number_text import count, duration
from secantfw.reporting.run_files import RunFiles


@attrs.frozen
class Fact:
    """A name and what it is, both as text."""

    name: str
    text: str


@attrs.frozen
class Component:
    """One component of the experiment; `parameters` is empty for one without a network."""

    kind: str
    name: str
    summary: str
    parameters: str


@attrs.frozen
class Protocol:
    """The stamp of one metric."""

    title: str
    facts: tuple[Fact, ...]


#: Shown elsewhere in the report.
_PLAN_ELSEWHERE = ("title", "cite", "components")


def byline(run: RunFiles) -> list[str]:
    """What a reader wants to know at once: how far, how long, on what, which seed."""
    environment, outcome = run.environment, run.outcome
    steps = outcome.get("step", run.log.last_step)
    speed = run.log.typical("images_per_second")
    commit = str(environment.get("git_commit") or "")
    parts = [
        count(int(steps), "training step") if steps is not None else "",
        duration(float(outcome["seconds"])) if outcome.get("seconds") is not None else "",
        f"{speed:,.0f} images/s" if speed is not None else "",
        str(run.plan.get("device") or environment.get("device") or ""),
        f"seed {environment['seed']}" if environment.get("seed") is not None else "",
        f"secantfw {environment['secantfw']}" if environment.get("secantfw") else "",
        f"commit {commit[:12] if len(commit) == 40 else commit}" if commit else "",
    ]
    return [part for part in parts if part]


def warning(run: RunFiles) -> str:
    """A line for a run that did not finish; empty for one that did, or that has not ended yet."""
    status = run.outcome.get("status")
    if status is None or status == "finished":
        return ""
    reason = run.outcome.get("message")
    return f"This run did not finish: {status}" + (f" ({reason})." if reason else ".")


def components(run: RunFiles) -> list[Component]:
    """The plan's components, in its order."""
    return [
        Component(
            kind=str(c.get("kind", "")).replace("_", " "),
            name=str(c.get("name", "")),
            summary=str(c.get("summary") or ""),
            parameters=_parameters(c.get("parameters")),
        )
        for c in run.plan.get("components") or ()
        if isinstance(c, Mapping)
    ]


def _parameters(parameters: Any) -> str:
    return f"{parameters:,}" if isinstance(parameters, int) and parameters else ""


def citations(run: RunFiles) -> list[str]:
    """The papers the experiment rests on."""
    cite = run.plan.get("cite") or ()
    return [cite] if isinstance(cite, str) else [str(one) for one in cite]


def spent(run: RunFiles) -> list[Fact]:
    """What the training cost: time, speed, memory, evaluations of all networks."""
    outcome, log = run.outcome, run.log
    seconds, step = outcome.get("seconds"), outcome.get("step", log.last_step)
    speed, per_sample = log.typical("images_per_second"), log.typical("evaluations")
    batch, peak = run.plan.get("batch_size"), outcome.get("peak_memory_bytes")
    images = step * batch if isinstance(step, int) and isinstance(batch, int) else None
    total = images * per_sample if images is not None and per_sample is not None else None
    said = {
        "training time": "" if seconds is None else duration(float(seconds)),
        "speed": "" if speed is None else f"{speed:,.0f} images/s",
        "images seen": "" if images is None else f"{images:,}",
        "network evaluations": "" if total is None else f"{total:,.0f} forward, of all networks",
        "peak memory": "" if not peak else f"{peak / 2**30:.2f} GiB",
    }
    return [Fact(name, text) for name, text in said.items() if text]


def protocols(evaluation: Evaluation) -> list[Protocol]:
    """How each metric was measured, by its stamps; the rows' own seeds and scales together."""
    found = []
    for column in evaluation.columns:
        stamps = [p for row in evaluation.rows if (p := evaluation.stamp_of(row, column.key))]
        names = dict.fromkeys(name for stamp in stamps for name in stamp if name != "metric")
        facts = [
            Fact(
                name.replace("_", " "),
                ", ".join(dict.fromkeys(stamp.get(name, "none") for stamp in stamps)),
            )
            for name in names
        ]
        if facts:
            found.append(Protocol(column.title, tuple(facts)))
    return found


def plan_facts(run: RunFiles) -> list[Fact]:
    """The rest of the plan."""
    return _facts({k: v for k, v in run.plan.items() if k not in _PLAN_ELSEWHERE})


def environment_facts(run: RunFiles) -> list[Fact]:
    """Where and how the run was made."""
    return _facts(run.environment)


def _facts(content: Mapping[str, Any]) -> list[Fact]:
    return [
        Fact(key.replace("_", " "), text)
        for key, value in content.items()
        if (text := _text(key, value))
    ]


def _text(key: str, value: Any) -> str:
    """A JSON value in one line; empty for what is not there."""
    if value is None:
        return ""
    if key == "argv" and isinstance(value, list):
        return shlex.join(str(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "plugins" and isinstance(value, list):
        return _plugins(value)
    if isinstance(value, list):
        return ", ".join(_text("", part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k.replace('_', ' ')}: {_text('', v)}" for k, v in value.items())
    return str(value)


def _plugins(found: list[Any]) -> str:
    """The names, those of one distribution together: `basics, data (secantfw 0.1.0)`."""
    by: dict[str, list[str]] = {}
    for one in found:
        said = one if isinstance(one, Mapping) else {"name": one}
        by.setdefault(str(said.get("distribution") or ""), []).append(str(said.get("name")))
    parts = [", ".join(names) + (f" ({where})" if where else "") for where, names in by.items()]
    return "; ".join(parts)
