"""A small experiment, and a baselines file of its teacher."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from training import small_experiment

from secantfw.baselines.fingerprint import teacher_fingerprint
from secantfw.load_plugins import load_plugins

TOML = small_experiment.TOML.replace(
    'use = ["trajectory"]', 'use = [{use="frechet",features="identity"},"trajectory"]'
)
GUIDED = {"scale": 2.0, "interval": [0.0, 0.5]}
NONE = {"scale": 1.0, "interval": [0.0, 1.0]}


def finalist(use, steps, nfe, guidance=NONE, objective="frechet_distance", **options):
    return {
        "objective": objective,
        "solver": {"use": use, **options},
        "steps": steps,
        "nfe": nfe,
        "guidance": guidance,
        "samples": 64,
        "score": 0.5,
    }


def built(file, *overrides):
    from functools import partial

    from secantfw.assembly.build import build_experiment
    from secantfw.experiment.load import load
    from secantfw.weights.formats import weights_formats

    plugins = load_plugins()
    loaded = load(file, overrides, plugins)
    formats = partial(weights_formats, plugins)
    return build_experiment(loaded.experiment, torch.device("cpu"), formats)


def content(file: Path, *overrides: str) -> dict:
    """A baselines file of the experiment's teacher, and of its metrics."""
    made = built(file, *overrides)
    from secantfw.evaluation.baseline_rows import protocol_text

    teacher = teacher_fingerprint(made)
    return {
        "schema": 1,
        "teacher": {
            "fingerprint": teacher.fingerprint,
            "component": teacher.component,
            "parameters": teacher.parameters,
        },
        "search": {
            "secantfw": "0", "torch": "2", "device": "cpu", "seed": 250514502,
            "compute_batch": 64, "rungs": [64], "guidance": NONE,
        },
        "metrics": {metric.key: protocol_text(metric) for metric in made.metrics},
        "finalists": {
            "1": [finalist("basics:euler", 1, 1, spacing="shifted")],
            "2": [
                finalist("basics:midpoint", 1, 2),
                finalist("basics:euler", 1, 2, {"scale": 2.0, "interval": [0.5, 1.0]}),
                finalist("solvers:ipndm", 2, 2, spacing="rho", sigma_min=0.1),
                finalist("basics:heun", 1, 1, objective="trajectory_mse", spacing="rho"),
                finalist("solvers:deis", 2, 2, objective="trajectory_mse"),
                finalist("basics:euler", 1, 1, GUIDED, objective="trajectory_mse"),
            ],
        },
        "ceilings": [
            {
                "solver": {"use": "basics:midpoint"}, "steps": 50, "nfe": 100, "guidance": GUIDED,
                "samples": samples, "seeds": 1, "values": {"frechet_distance": value},
            }
            for samples, value in ((64, 0.04), (128, 0.03))
        ],
        "dropped": [],
    }  # fmt: skip


def put(folder: Path, said: dict) -> Path:
    file = folder / "baselines" / f"{said['teacher']['fingerprint'][:16]}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(said))
    return file


def evaluated(secantfw, folder, *overrides):
    said = secantfw("run", folder / "small.toml", *overrides, "--out", folder / "runs")
    assert said.code == 0, said.err
    run = max((folder / "runs").glob("small/*"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads((run / "evaluation.json").read_text()), run, said
