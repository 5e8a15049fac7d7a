"""CONTRIBUTING's section on hooks: complete, exact, and every example of it runs."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pytest

from secantfw import hookspecs, load_weights, read_header
from secantfw.discovery.manager import hooks_of

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def section() -> str:
    found = re.search(r"^## Hooks\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found is not None, "CONTRIBUTING.md has no section 'Hooks'"
    return found.group(1)


def headings() -> dict[str, str]:
    """Hook name and its signature as the document has it."""
    found = re.findall(r"^### `((secantfw_\w+)\(.*)`$", section(), re.MULTILINE)
    return {name: signature for signature, name in found}


def example(hook: str) -> str:
    _, _, after = section().partition(f"### `{hook}(")
    found = re.search(r"```python\n(.*?)```", after.partition("\n### ")[0], re.DOTALL)
    assert found is not None, f"{hook} has no example"
    return found.group(1)


def signatures() -> dict[str, str]:
    """Hook name and its signature as the code has it."""
    tree = ast.parse(inspect.getsource(hookspecs))
    return {
        node.name: f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def test_every_hook_stands_there_with_its_exact_signature():
    assert headings() == signatures()
    assert set(hooks_of(hookspecs)) == set(signatures())


def test_this_file_has_a_test_for_every_hook():
    for hook in hooks_of(hookspecs):
        assert f"test_{hook.removeprefix('secantfw_')}_example" in globals()


@pytest.mark.plugin("picard")
def test_components_example(install, secantfw):
    install("doc", example("secantfw_components"))
    assert "doc:picard_again" in secantfw("components", "loss").out
    assert "law" in secantfw("describe", "loss:picard_again").out


@pytest.mark.plugin("basics", "data", "picard")
def test_experiments_example(install, secantfw, tiny):
    folder = install("doc", example("secantfw_experiments"))
    (folder / "experiments").mkdir()
    (folder / "experiments" / "shipped.toml").write_text(tiny.read_text())
    said = secantfw("check", "--no-build", "doc/shipped.toml")
    assert said.code == 0, said.out + said.err


@pytest.mark.plugin("basics", "data", "picard")
def test_check_example(install, secantfw, tiny):
    install("doc", example("secantfw_check"))
    assert secantfw("check", "--no-build", tiny).code == 0
    said = secantfw("check", "--no-build", tiny, "train.batch_size=12")
    assert said.code == 2
    assert "train.batch_size: our cluster wants a multiple of 8" in said.out


@pytest.fixture
def run_with(install, secantfw, tiny, tmp_path):
    """Install the example of a hook and run; returns the run directory."""

    def run(hook, *overrides):
        install("doc", example(hook))
        said = secantfw("run", tiny, *overrides, "--out", tmp_path / "runs")
        assert said.code == 0, said.err
        (directory,) = (tmp_path / "runs" / "tiny").iterdir()
        assert json.loads((directory / "outcome.json").read_text())["detached"] == []
        return directory

    return run


@pytest.mark.plugin("basics", "data", "picard")
def test_run_started_example(run_with):
    directory = run_with("secantfw_run_started")
    assert "2 steps on c" in (directory / "started.txt").read_text()


@pytest.mark.plugin("basics", "data", "picard")
def test_step_logged_example(run_with):
    directory = run_with("secantfw_step_logged")
    rows = [line.split(",") for line in (directory / "loss.csv").read_text().splitlines()]
    logged = [json.loads(text) for text in (directory / "metrics.jsonl").read_text().splitlines()]
    assert [(int(n), float(loss)) for n, loss in rows] == [(m["step"], m["loss"]) for m in logged]


@pytest.mark.plugin("basics", "data", "picard")
def test_run_ended_example(run_with):
    directory = run_with("secantfw_run_ended")
    assert (directory / "ended.txt").read_text() == "finished after 2 of 2 steps\n"


@pytest.mark.plugin("basics", "data", "picard")
def test_report_sections_example(run_with):
    overrides = ("evaluate.samples=16", "evaluate.nfe=[2]", "metrics.use=[]")
    page = (run_with("secantfw_report_sections", *overrides) / "report.html").read_text()
    assert "What a sample costs" in page
    assert "Compared at 2 NFE." in page


@pytest.mark.plugin("picard")
def test_commands_example(install, secantfw):
    install("doc", example("secantfw_commands"))
    listed = json.loads(secantfw("components", "loss", "--json").out)
    assert int(secantfw("count", "loss").out) == len(listed)
    assert "count the components of a kind (plug-in doc)" in " ".join(
        secantfw("--help").out.split()
    )


def test_weights_formats_example(install, secantfw, tmp_path):
    import numpy as np

    install("doc", example("secantfw_weights_formats"))
    file, out = tmp_path / "w.npz", tmp_path / "w.safetensors"
    np.savez(file, **{"first.weight": np.ones((16, 2), np.float32)})
    said = secantfw("convert", file, out)
    assert said.code == 0, said.err
    header = read_header(out)
    assert (header.component, header.options) == ("basics:mlp", {"width": 16})
    assert load_weights(out)["first.weight"].shape == (16, 2)
    np.savez(file, **{"first.weight": np.full((16, 2), np.nan, np.float32)})
    assert "NaN or infinity in 1 weight (first.weight)" in secantfw("convert", file, out).err


def test_doctor_example(install, secantfw):
    install("doc", example("secantfw_doctor"))
    said = [finding["what"] for finding in json.loads(secantfw("doctor", "--json").out)]
    assert any(what.startswith("git") for what in said)
