"""Every experiment file that ships can be resolved and built."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

FILES = sorted((Path(__file__).parents[2] / "experiments").glob("**/*.toml"))
SHIPPED = [f for f in FILES if not {"base", "paper", "sweeps"} & set(f.parts)]


def required(file: Path) -> list[str]:
    """The plug-ins in `requires` of the file, or of what it extends."""
    tables = tomli.loads(file.read_text(encoding="utf-8"))
    if "requires" in tables or "extends" not in tables:
        return tables.get("requires", [])
    return required(file.parent / tables["extends"])


@pytest.mark.parametrize(
    "file",
    [pytest.param(f, id=f.stem, marks=pytest.mark.plugin(*required(f))) for f in SHIPPED],
)
def test_an_experiment_checks(file, secantfw):
    said = secantfw("check", file)
    assert said.code == 0, said.out + said.err
    assert "OK" in said.out


@pytest.mark.parametrize(
    ("file", "cost"),
    [
        ("sit_sdei", "3F 1B"),
        ("sit_stei", "4F 2B"),
        ("sit_sdee", "3F 1B"),
        ("sit_stee", "2F 1B"),
        ("sit_teacher", "1F 1B"),
    ],
)
def test_the_networks_are_evaluated_as_often_as_the_table_says(file, cost, experiments):
    """Counted by forward hooks on the networks, in rows, over one real step."""
    import torch

    from secantfw.experiment.load import load
    from secantfw.load_plugins import load_plugins
    from secantfw.training.job import prepare

    plugins = load_plugins()
    overrides = ["train.batch_size=4", "evaluate.samples=0"]
    run = prepare(load(experiments / f"{file}.toml", overrides, plugins), plugins)
    rows = {"F": 0, "B": 0}

    def count(_module, inputs, _output):
        rows["F"] += len(inputs[0])
        rows["B"] += len(inputs[0]) * torch.is_grad_enabled()

    networks = [run.built.student.network]
    if run.built.teacher is not None:
        networks.append(run.built.teacher.network)
    for network in networks:
        network.register_forward_hook(count)
    batch, rng = run.source.batch(0), run.source.streams.at("times", 0)
    need = run.built.loss.times_needed()
    times = run.built.time_sampler.sample(4, need, run.built.path, rng, 0.0)
    run.update(0, run.built.loss(run.ctx, batch, times).per_sample.mean())
    assert f"{rows['F'] / 4:g}F {rows['B'] / 4:g}B" == cost
    assert run.ctx.counts.per_row(4) == cost
