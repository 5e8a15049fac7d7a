"""Every loss on two processes and on one: its gradient, and what was sent for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from forks import run
from safetensors.torch import load_file, save_file
from torch.distributed.tensor import DTensor
from training.small_experiment import TOML

#: A loss, its time sampler, and whether it differentiates the network forwards.
LOSSES = {
    "sdei": ("segments", ""),
    "stei": ("segments", ""),
    "sdee": ("segments", 'direction = "both"'),
    "stee": ("segments", 'direction = "both"'),
    "tangent": ("continuous", ""),
    "monte_carlo": ("segments", ""),
    "consistency_distillation": ("to_data", ""),
    "consistency_training": ("to_data", ""),
    "eulerian": ("with_tangents", ""),
    "lagrangian": ("with_tangents", ""),
    "mean_flow": ("with_tangents", ""),
    "shortcut": ("dyadic", ""),
}


def gradients_of_every_loss(folder: Path) -> dict[str, dict[str, Any]]:
    """By loss: how far two processes' gradients are from each other and from one's."""
    place = folder / "gradients"
    ended = [
        *run(lambda: compute(place), place / "one", 1),
        *run(lambda: compute(place, "ddp"), place / "ddp", 2),
        *run(lambda: compute(place, "ddp", raw=True), place / "raw", 2),
        *run(lambda: compute(place, "fsdp"), place / "fsdp", 2),
        *run(lambda: compute(place, "ddp", idle=True), place / "idle", 2),
    ]
    assert [e.code for e in ended] == [0] * 9, "\n".join(e.said[-2000:] for e in ended if e.code)
    found = {loss: _compared(place, loss) for loss in LOSSES}
    found["idle"] = {"difference": _idle(place)}
    return found


def _idle(place: Path) -> float:
    """What a parameter that no loss reaches changes in the gradient of the others."""
    with_it, without = (load_file(place / f"{n}-sdei-1.safetensors") for n in ("idle", "ddp"))
    for gradients in (with_it, without):
        gradients.pop("all_reduces")
        gradients.pop("gathers")
    return _difference(with_it, without)


def _compared(place: Path, loss: str) -> dict[str, Any]:
    one = load_file(place / f"single-{loss}-0.safetensors")
    two = [load_file(place / f"ddp-{loss}-{rank}.safetensors") for rank in (0, 1)]
    raw = [load_file(place / f"raw-{loss}-{rank}.safetensors") for rank in (0, 1)]
    fsdp = load_file(place / f"fsdp-{loss}-0.safetensors")
    sent = [int(gradients["all_reduces"]) for gradients in two]
    gathers = int(fsdp["gathers"])
    for gradients in (one, fsdp, *two, *raw):
        gradients.pop("all_reduces")
        gradients.pop("gathers")
    return {
        "same": _difference(two[0], two[1]) == 0,
        "to_one": _difference(one, two[0]),
        "fsdp": _difference(two[0], fsdp),
        "around_the_hooks": _difference(raw[0], raw[1]),
        "all_reduces": sent,
        "gathers": gathers,
    }


def _difference(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    if a.keys() != b.keys():
        return float("inf")
    largest = max(float(v.abs().max()) for v in a.values())
    return max(float((a[k] - b[k]).abs().max()) for k in a) / largest


def compute(place: Path, strategy: str = "single", raw: bool = False, idle: bool = False) -> int:
    """Two steps' losses and backwards each; the second's gradient is kept.

    With `raw` the loss is called beside the wrapped module: the mistake that the engine prevents.
    """
    from secantfw.experiment.load import load
    from secantfw.load_plugins import load_plugins
    from secantfw.parallel.group import joined
    from secantfw.parallel.processes import processes_of
    from secantfw.training.job import prepare

    processes = processes_of(os.environ)
    torch.set_num_threads(1)
    with joined(processes) as group:
        for loss, (sampler, more) in list(LOSSES.items())[: 1 if idle else None]:
            file = place / f"{loss}-{processes.rank}-{strategy}-{raw}-{idle}.toml"
            text = TOML.replace('use = "sdei"', f'use = "{loss}"')
            text = text.replace('use = "segments"\nsegments = 2', f'use = "{sampler}"\n{more}')
            text = text.replace("samples = 128", "samples = 0").replace("label_dropout = 0.2", "")
            file.write_text(text)
            plugins = load_plugins()
            words = [] if strategy == "single" else [f'engine.use="{strategy}"']
            job = prepare(load(file, words, plugins), plugins, group=group)
            if idle:
                job.built.student.idle = torch.nn.Parameter(torch.zeros(3))
            gradients = _second(job, raw)
            name = "idle" if idle else "raw" if raw else strategy
            save_file(gradients, place / f"{name}-{loss}-{processes.rank}.safetensors")
    return 0


def _second(job: Any, raw: bool) -> dict[str, torch.Tensor]:
    from torch.autograd.profiler import profile

    from secantfw.runtime.signals import StopRequest

    built, engine, e = job.built, job.update.engine, job.loaded.experiment
    engine.agreed(StopRequest(), built.device)
    for step in (0, 1):
        built.student.zero_grad(set_to_none=True)
        job.ctx.step = step
        batch, rng = job.source.batch(step), job.source.streams.at("times", step)
        times = built.time_sampler.sample(
            e.train.batch_size, built.loss.times_needed(), built.path, rng, 0.0
        )
        times = times if job.source.rows is None else times.rows(job.source.rows)
        with profile() as seen:
            if raw:
                terms = built.loss(job.ctx, batch, times)
                terms.per_sample.mean().backward()
            else:
                engine.backward(engine.compute(batch, times).objective)
    counts = {one.key: one.count for one in seen.key_averages()}
    sent = counts.get("c10d::allreduce_", 0)
    found = {n: _whole(p, engine) for n, p in built.student.named_parameters()}
    kept = {n: g for n, g in found.items() if g is not None and n != "idle"}
    gathered = sum(n for key, n in counts.items() if key.startswith("c10d::") and "gather" in key)
    return kept | {"all_reduces": torch.tensor(sent), "gathers": torch.tensor(gathered)}


def _whole(parameter: Any, engine: Any) -> torch.Tensor | None:
    """The gradient; of shares put together."""
    grad = engine.local(parameter).grad
    if grad is None:
        return None
    part = engine.part(parameter, grad.detach())
    return part.full_tensor() if isinstance(part, DTensor) else part.clone()
