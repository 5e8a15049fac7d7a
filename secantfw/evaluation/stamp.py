"""The protocol stamp: what a number of evaluation.json depends on, and how two of them differ.

    "stamps": {"9f3a...": {"features": "inception", "samples": 50000, ...}},
    "rows": [{..., "stamps": {"frechet_distance": "9f3a..."}}]

A row names, for each of its metrics, the record in `stamps` that holds for the number; the name is
a hash of the record, so equal protocols have equal names in every run. Imports no torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs

_NAME_DIGITS = 16  # of the SHA-256


@attrs.frozen
class Stamp:
    """Everything that one number depends on beside the networks. "" or None: does not apply."""

    metric: str = ""  # its key
    features: str = ""
    features_sha256: str = ""
    reference: str = ""
    reference_sha256: str = ""
    pixels: str = ""  # the rule by which samples become uint8
    decoder: str = ""  # the autoencoder of latents
    resize: str = ""
    settings: str = ""
    truth: str = ""  # what stands for the teacher's exact ODE
    samples: int = 0
    seeds: tuple[int, ...] = ()
    labels: str = ""
    guidance: float = 1.0
    guidance_interval: tuple[float, float] = (0.0, 1.0)
    guidance_channels: int | None = None
    weights: str = ""  # of the student: "ema" or "student" (live)
    compute_batch: int = 0  # rows the network sees at once
    precision: str = "fp32"  # autocast dtype of the networks that were sampled
    nfe: float | None = None  # per sample; the row says it, not the record

    def as_json(self) -> dict[str, Any]:
        """The record as it stands in `stamps`."""
        found = attrs.asdict(self)
        del found["nfe"]
        return {key: list(v) if isinstance(v, tuple) else v for key, v in found.items()}

    @property
    def name(self) -> str:
        """The record's key in `stamps`."""
        text = json.dumps(self.as_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_NAME_DIGITS]


@attrs.frozen
class Difference:
    """One field in which two stamps differ."""

    field: str
    a: Any
    b: Any

    def __str__(self) -> str:
        return f"{self.field.replace('_', ' ')}: {_said(self.a)} and {_said(self.b)}"


def stamp_of(evaluation: Mapping[str, Any], row: Mapping[str, Any], key: str) -> Stamp | None:
    """The whole stamp of the number `row[key]`; None in a file that has none."""
    names = row.get("stamps")
    records = evaluation.get("stamps")
    if not isinstance(names, Mapping) or not isinstance(records, Mapping):
        return None
    record = records.get(names.get(key))
    return None if not isinstance(record, Mapping) else _read(record, row.get("nfe"))


def differences(a: Stamp | None, b: Stamp | None) -> tuple[Difference, ...]:
    """What keeps two numbers from standing in one column; empty if nothing does.

    A number without a stamp differs from one with a stamp, and from another without: nobody
    knows what either is.
    """
    if a is None or b is None:
        return (Difference("stamp", a and a.name, b and b.name),)
    pairs = ((f.name, getattr(a, f.name), getattr(b, f.name)) for f in attrs.fields(Stamp))
    return tuple(Difference(name, x, y) for name, x, y in pairs if x != y)


def _read(record: Mapping[str, Any], nfe: Any) -> Stamp:
    known = {f.name for f in attrs.fields(Stamp)}
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in record.items()
        if key in known
    }
    return Stamp(**{**values, "nfe": nfe})


def _said(value: Any) -> str:
    return "none" if value in (None, "", ()) else str(value)
