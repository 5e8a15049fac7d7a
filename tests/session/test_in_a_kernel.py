"""README's Python in a real Jupyter kernel: what its cells show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("ipykernel", reason="pip install ipykernel")
nbclient = pytest.importorskip("nbclient", reason="pip install nbclient")
nbformat = pytest.importorskip("nbformat")
pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "sit")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Of a cell for each part of the block that ends in a line said to show something."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M)
    parts = re.split(r"(?<=# in a notebook: the headline and the sample grid\n)"
                     r"|(?<=# in a notebook: the pictures\n)", text)  # fmt: skip
    assert len(parts) == 3
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "experiments").symlink_to(ROOT / "experiments")
    cells = [nbformat.v4.new_code_cell(part) for part in parts]
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(notebook, kernel_name="python3", timeout=600, resources=where)
    client.execute()
    return [cell.outputs for cell in notebook.cells]


def shown(outputs):
    """The HTML of the cell's value."""
    (found,) = (o for o in outputs if o.output_type == "execute_result")
    return found.data["text/html"]


def said(outputs):
    return "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stderr")


def test_a_run_says_its_plan_and_writes_one_line_over(outputs):
    text = said(outputs[0])
    assert text.startswith("SiT, Picard secant loss (SDEI), 4 steps\n")
    assert "  loss          picard:sdei\n" in text
    assert "\rtraining 25/25  loss" in text
    assert "\ntraining" not in text


def test_a_run_and_samples_show_themselves_as_html(outputs):
    run, samples = shown(outputs[0]), shown(outputs[1])
    assert "<h3>SiT, Picard secant loss (SDEI), 4 steps</h3>" in run
    assert "NFE the student&#x27;s Frechet distance is" in run
    for html in (run, samples):
        assert html.count("<img ") == 1
        assert "data:image/png;base64," in html


def test_the_table_is_html_too(outputs):
    (table,) = (o for o in outputs[0] if o.output_type == "display_data")
    assert "held-out data" in table.data["text/html"]
