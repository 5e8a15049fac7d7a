"""Figures, the gates that they meet or miss, and the two files that say so."""

from __future__ import annotations

import json
import platform
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import torch


@attrs.frozen
class Figure:
    name: str
    value: float
    unit: str = ""


@attrs.define
class Section:
    name: str
    figures: list[Figure] = attrs.field(factory=list)
    error: str = ""
    note: str = ""
    seconds: float = 0.0

    def said(self) -> str:
        return self.note or self.error or f"{len(self.figures)} figures, {self.seconds:.0f} s"


@attrs.frozen
class Gate:
    """`figure` is to satisfy `limit`; `at_most` or at least."""

    name: str
    figure: str
    limit: float
    at_most: bool = True

    def verdict(self, figures: dict[str, float]) -> str:
        if self.figure not in figures:
            return "not run"
        value = figures[self.figure]
        return (
            "met" if (value <= self.limit if self.at_most else value >= self.limit) else "missed"
        )


GATES = (
    Gate("G1", "SiT-XL/2 sdei batch 64, MFU", 45, False),
    Gate("G1", "SiT-B/2 sdei batch 256, MFU", 35, False),
    Gate("G1", "EDM CIFAR-10 sdei batch 512, MFU", 25, False),
    Gate("G2", "SiT-XL/2 step against the released code", 1.4, False),
    Gate("G3", "SiT-XL/2 batch 1, graph against eager", 3, False),
    Gate("G3", "SiT-B/2 batch 1, graph against eager", 4, False),
    Gate("G3", "EDM CIFAR-10 batch 1, graph against eager", 4, False),
    Gate("G3", "SiT-XL/2 batch 64, graph against eager", 0.99, False),
    Gate("G3", "SiT-B/2 batch 64, graph against eager", 0.99, False),
    Gate("G3", "EDM CIFAR-10 batch 64, graph against eager", 0.99, False),
    Gate("G3", "graph and eager differ in", 0),
    Gate("G4", "SiT-XL/2 batch 1, graph + compile", 1.5),
    Gate("G4", "SiT-B/2 batch 1, graph + compile", 0.6),
    Gate("G4", "EDM CIFAR-10 batch 1, graph + compile", 1.2),
    Gate("G5", "SiT-XL/2 1 step, decoded and stored, of the floor of 900/s", 50, False),
    Gate("G5", "the same against the released sampling loop", 5, False),
    Gate("G6", "EDM CIFAR-10 batch 64, whole step in a graph against compiled", 1.15, False),
    Gate("G7", "SiT-XL/2 sdei batch 64, peak", 40),
    Gate("G7", "SiT-XL/2 sdei batch 256 recomputed, peak", 30),
    Gate("G7", "graph pool beside eager's peak", 10),
    Gate("G7", "SiT-XL/2 sdei batch 64, estimate off by", 15),
    Gate("G8", "SiT-XL/2, device idle", 1),
    Gate("G8", "SiT-XL/2, cudaStreamSynchronize between log points", 0),
    Gate("G9", "SiT-XL/2 optimizer and EMA", 1.3 * 9.0),
    Gate("G9", "SiT-XL/2 EMA", 1.15 * 2.7),
)


def write(folder: Path, session, sections: list[Section], arguments: list[str]) -> str:
    """gpu.json and gpu.md in `folder`; returns the table."""
    device = torch.cuda.get_device_name() if session.device.type == "cuda" else "CPU (rehearsal)"
    facts = {
        "command": shlex.join(["python", "-m", "tests.benchmarks.gpu", *arguments]),
        "device": device,
        "date": time.strftime("%Y-%m-%d"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "rehearsal": session.tiny,
    }
    figures = {f.name: f.value for s in sections for f in s.figures}
    verdict: Callable[[Gate], str] = (
        (lambda gate: "rehearsed" if gate.figure in figures else "not run")
        if session.tiny
        else (lambda gate: gate.verdict(figures))
    )
    gates = [{**attrs.asdict(g), "verdict": verdict(g)} for g in GATES]
    folder.mkdir(parents=True, exist_ok=True)
    said = {**facts, "gates": gates, "sections": [attrs.asdict(s) for s in sections]}
    (folder / "gpu.json").write_text(json.dumps(said, indent=1) + "\n")
    text = "\n".join(_lines(facts, gates, figures, sections)) + "\n"
    (folder / "gpu.md").write_text(text)
    return text


def _lines(facts, gates, figures, sections):
    yield f"`{facts['command']}`: {facts['device']}, torch {facts['torch']}, {facts['date']}"
    yield from ("", "| gate | figure | limit | measured | |", "|---|---|---|---|---|")
    for gate in gates:
        sign = "<=" if gate["at_most"] else ">="
        value = figures.get(gate["figure"])
        measured = "" if value is None else f"{value:.4g}"
        limit = f"{sign} {gate['limit']:.4g}"
        yield f"| {gate['name']} | {gate['figure']} | {limit} | {measured} | {gate['verdict']} |"
    yield from ("", "| section | figure | value |", "|---|---|---|")
    for section in sections:
        for figure in section.figures:
            yield f"| {section.name} | {figure.name} | {figure.value:.4g} {figure.unit} |"
        if section.error or section.note:
            yield f"| {section.name} | **{section.error or section.note}** | |"
