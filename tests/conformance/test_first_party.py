"""Every component that comes with secantfw passes the conformance kit, and is described so that
its TOML block can be pasted."""

from __future__ import annotations

import pytest

from secantfw.cli.describe import option_rows, toml_block
from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.testing import checks_for
from secantfw.testing.running import conform_component

PLUGINS = load_plugins()
OURS = {p.name for p in PLUGINS.loaded if p.distribution.split()[0] == "secantfw"}
COMPONENTS = [c for c in PLUGINS.registry if c.plugin in OURS]
each_component = pytest.mark.parametrize(
    "component", COMPONENTS, ids=lambda c: f"{c.kind}:{c.full_name}"
)

_OTHERS = {
    "dataset": '[dataset]\nuse = "gaussian_mixture"\n',
    "backbone": '[backbone]\nuse = "mlp"\n',
    "loss": '[loss]\nuse = "stei"\n',
    "time_sampler": '[time_sampler]\nuse = "segments"\n',
}


@each_component
def test_it_conforms(component):
    results = list(conform_component(component, PLUGINS.registry))
    assert {r.check for r in results} <= {c.name for c in checks_for(component.kind)}
    assert [r for r in results if r.outcome == "failed"] == []
    assert any(r.outcome == "ok" for r in results) or results[0].outcome == "skipped"


@each_component
def test_the_described_toml_block_is_accepted_as_pasted(component, tmp_path):
    block = toml_block(component, option_rows(component))
    others = "".join(text for kind, text in _OTHERS.items() if kind != component.kind)
    file = tmp_path / "pasted.toml"
    file.write_text(f"schema = 1\n{others}[train]\nsteps = 1\nbatch_size = 2\n{block}")
    experiment = load(file, [], PLUGINS).experiment
    chosen = experiment.metrics[0] if component.kind == "metric" else None
    assert (chosen or getattr(experiment, component.kind)).component == component
