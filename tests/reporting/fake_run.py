"""A run directory made of invented numbers: what the report reads, without training anything."""

import json
from pathlib import Path

import numpy as np

from secantfw.pictures.pictures import save_grid

FRECHET = {
    ("student", "secant"): {1: 3.91, 2: 1.84, 4: 1.20, 8: 1.13},
    ("teacher", "euler"): {1: 14.0, 2: 6.4, 4: 2.9, 8: 1.7, 50: 1.06},
    ("teacher", "heun"): {2: 7.2, 4: 3.1, 8: 1.6, 50: 1.05},
}


def rows(frechet=FRECHET):
    """evaluation.json's rows, with a trajectory error that goes with the distance."""
    return [
        {
            "model": model,
            "solver": solver,
            "steps": n // 2 if solver == "heun" else n,
            "nfe": n,
            "frechet_distance": value,
            "trajectory_mse": round(value / (30 if model == "student" else 22), 5),
        }
        for (model, solver), values in frechet.items()
        for n, value in values.items()
    ]


#: The student under the teacher's solvers too, as an option of the evaluation.
BOTH = {
    **FRECHET,
    ("student", "euler"): {1: 9.4, 2: 5.1, 4: 2.7, 8: 1.75},
    ("student", "heun"): {2: 6.3, 4: 2.95, 8: 1.66},
}


def evaluation(**changes):
    return {
        "rows": rows(),
        "samples": 2048,
        "floor": 0.15,
        "feature_sha256": "8c1f" * 16,
        "reference": "teacher, euler, 100 steps",
        "seed": 1000,
        "weights": "ema",
        "columns": [
            {"key": "frechet_distance", "title": "Frechet distance", "lower_is_better": True},
            {"key": "trajectory_mse", "title": "Trajectory error", "lower_is_better": True},
        ],
        **changes,
    }


PLAN = {
    "title": "SiT, Picard secant loss, 4 steps",
    "cite": ["arXiv:2505.14502"],
    "components": [
        {
            "kind": "dataset",
            "name": "data:fashion16",
            "summary": "Fashion-MNIST at 16x16, grey",
            "parameters": None,
        },
        {
            "kind": "backbone",
            "name": "sit:sit",
            "summary": "the SiT transformer with two times",
            "parameters": 812304,
        },
        {
            "kind": "teacher",
            "name": "sit:sit",
            "summary": "a pretrained SiT",
            "parameters": 779536,
        },
        {
            "kind": "loss",
            "name": "picard:sdei",
            "summary": "distil a teacher, estimating the interior point",
            "parameters": None,
        },
        {
            "kind": "time_sampler",
            "name": "basics:segments",
            "summary": "N equal segments",
            "parameters": None,
        },
    ],
    "evaluations_per_step": "3F 1B",
    "device": "cpu",
    "run_directory": "runs/sit_picard/20250520-101500-3fa9c1",
}

ENVIRONMENT = {
    "secantfw": "0.1.0",
    "python": "3.11.2",
    "torch": "2.6.0",
    "device": "cpu",
    "threads": 2,
    "platform": "Linux-6.1.0-x86_64-with-glibc2.36",
    "git_commit": "859ba06d3f8de09a1b2c3d4e5f60718293a4b5c6",
    "argv": ["secantfw", "run", "experiments/sit_picard.toml", 'title="a b"'],
    "seed": 0,
    "plugins": [
        {"name": "basics", "distribution": "secantfw 0.1.0"},
        {"name": "picard", "distribution": "secantfw 0.1.0"},
    ],
}

RESOLVED = """schema = 1                              # sit_picard.toml:2
title = "SiT, Picard secant loss, 4 steps"   # sit_picard.toml:3
seed = 0                                # command line

[loss]
use = "picard:sdei"                     # sit_picard.toml:13
draws = 1                               # default
"""


def write_fake_run(
    run: Path, plan=PLAN, environment=ENVIRONMENT, results=None, resolved=RESOLVED
) -> Path:
    """Everything a finished run leaves that the report reads."""
    (run / "samples").mkdir(parents=True)
    _write(run / "plan.json", plan)
    _write(run / "environment.json", environment)
    _write(
        run / "outcome.json", {"status": "finished", "step": 300, "steps": 300, "seconds": 97.4}
    )
    _write(run / "evaluation.json", results or evaluation())
    (run / "resolved.toml").write_text(resolved, encoding="utf-8")
    write_log(run / "metrics.jsonl")
    for model, solver in FRECHET:
        for n in (1, 2, 4, 8):
            if n in FRECHET[model, solver]:
                write_blobs(run / "samples" / f"{model}-{solver}-{n:03d}.png", 1.5 / n)
    return run


def write_log(file: Path, steps=300, every=5) -> None:
    """A falling loss with the noise that losses have."""
    rng = np.random.default_rng(0)
    lines = []
    for step in range(every, steps + 1, every):
        loss = (0.05 + 0.9 * np.exp(-step / 40)) * np.exp(0.15 * rng.standard_normal())
        entry = {"step": step, "loss": float(loss), "grad_norm": float(loss * 3)}
        lines.append(json.dumps({**entry, "learning_rate": 1e-4, "images_per_second": 812.0}))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_blobs(file: Path, noise: float, n: int = 36) -> None:
    """Grey discs of different sizes under noise: the same ones whatever the file."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[-1:1:16j, -1:1:16j]
    radius = rng.uniform(0.3, 0.9, (n, 1, 1))
    disc = 1.0 / (1.0 + np.exp(12 * (np.hypot(x, y) - radius)))
    image = disc * rng.uniform(0.5, 1, (n, 1, 1)) + noise * rng.standard_normal(disc.shape) / 3
    save_grid((255 * image.clip(0, 1)).astype(np.uint8)[..., None], file)


def _write(file: Path, content) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")
