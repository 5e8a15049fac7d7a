"""A run goes on where its files have moved: the same content is enough, another is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from paper_files import data, networks
from paper_files.recipes import BRIEF, PaperFiles
from small_experiment import TOML, only_run

pytestmark = [
    pytest.mark.plugin("sit", "data", "picard", "basics", "fid"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]
RECIPE = "sit_xl2_imagenet256_sdei_1step"
FILE = Path(__file__).parents[2] / "experiments" / "paper" / f"{RECIPE}.toml"


@pytest.fixture(scope="module", autouse=True)
def a_cheap_distance():
    """The one of 2048 dimensions takes seconds."""
    patch = pytest.MonkeyPatch()
    patch.setattr("secantfw_fid.frechet.frechet_distance", lambda found, reference: 1.0)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    pytest.importorskip("diffusers")
    pytest.importorskip("cleanfid")
    return PaperFiles.written(tmp_path_factory.mktemp("official"))


def paths(files: PaperFiles) -> list[str]:
    """The overrides that are places of files."""
    return [one for one in files.overrides(RECIPE) if str(files.folder) in one]


def started(secantfw, files: PaperFiles, out: Path, *more: str):
    said = secantfw("run", FILE, *files.overrides(RECIPE), *BRIEF, *more, "--out", out)
    assert said.code in (0, 130), said.err
    return only_run(out)


@pytest.fixture
def moved(official, secantfw, tmp_path):
    """A finished run, and all of its files at another place than in training."""
    first = PaperFiles(tmp_path / "first")
    shutil.copytree(official.folder, first.folder)
    run = started(secantfw, first, tmp_path / "out")
    first.folder.rename(tmp_path / "second")
    return run, PaperFiles(tmp_path / "second")


@pytest.fixture
def unfinished(official, secantfw, tmp_path, monkeypatch):
    """A run that was interrupted after its first of two steps."""
    from secantfw.training import loop
    from secantfw.training.update import Update

    original = Update.__call__

    def update(self, step, loss):
        os.kill(os.getpid(), signal.SIGINT)
        return original(self, step, loss)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Update, "__call__", update)
        return started(secantfw, official, tmp_path / "out", "train.steps=2")


def test_a_run_says_how_to_name_the_new_place(moved, secantfw, tmp_path):
    run, _ = moved
    said = secantfw("evaluate", run)
    assert said.code == 2
    assert "if it has moved, say where to: teacher.weights=PLACE" in said.err
    assert "if it has moved, say where to: metrics.use[0].statistics=PLACE" in said.err


def test_every_verb_takes_every_file_at_another_place(moved, secantfw, tmp_path):
    run, files = moved
    before = json.loads((run / "evaluation.json").read_text())
    said = secantfw("evaluate", run, *paths(files))
    assert said.code == 0, said.err
    after = json.loads((run / "evaluation.json").read_text())
    assert after["rows"] == before["rows"]
    assert after["stamps"] == before["stamps"]
    said = secantfw("sample", run, *paths(files), "--count", 2, "--out", tmp_path / "samples")
    assert said.code == 0, said.err
    said = secantfw("export", run, *paths(files), "--out", tmp_path / "w.safetensors")
    assert said.code == 0, said.err


def test_a_resumed_run_takes_every_file_at_another_place_and_remembers_it(
    unfinished, official, secantfw, tmp_path
):
    second = PaperFiles(tmp_path / "second")
    shutil.copytree(official.folder, second.folder)
    said = secantfw("run", "--resume", unfinished, *paths(second))
    assert said.code == 0, said.err
    resolved = (unfinished / "resolved.toml").read_text()
    assert str(official.folder) not in resolved
    assert resolved.count(str(second.folder)) == len(paths(second))
    events = (unfinished / "events.jsonl").read_text()
    assert f"{official.folder}/SiT-XL-2-256.pt -> {second.folder}/SiT-XL-2-256.pt" in events


def other_teacher(folder):
    return networks.sit(folder / "SiT.pt", seed=1)


def other_autoencoder(folder):
    return networks.autoencoder(folder / "vae", seed=1)


def other_latents(folder):
    return data.latents(folder, seed=1)[0]


def other_labels(folder):
    return data.latents(folder, seed=1)[1]


def other_inception(folder):
    return networks.inception(folder / networks.INCEPTION, seed=1)


def other_statistics(folder):
    return data.statistics(folder / "statistics.npz", seed=1)


TRAINED_WITH = {
    "teacher.weights": other_teacher,
    "dataset.vae": other_autoencoder,
    "dataset.folder": other_latents,
    "dataset.labels": other_labels,
}
MEASURED_WITH = {
    "metrics.use[0].weights": other_inception,
    "metrics.use[1].weights": other_inception,
    "metrics.use[0].statistics": other_statistics,
}
TWO_HASHES = r"\((?:sha256|items):[0-9a-f]{16}\).*\((?:sha256|items):[0-9a-f]{16}\)"


def test_another_content_is_refused_in_one_line_unless_it_is_allowed(
    unfinished, secantfw, tmp_path
):
    for n, (key, other) in enumerate((TRAINED_WITH | MEASURED_WITH).items()):
        place = tmp_path / str(n)
        place.mkdir()
        override = f"{key}={other(place)}"
        said = secantfw("run", "--resume", unfinished, override)
        assert said.code == 2
        last = said.err.splitlines()[-1]
        assert re.search(rf" {re.escape(key)}: .*{TWO_HASHES}", last), last
        assert last.endswith(f"allow it with --allow-change {key}")
        if key in TRAINED_WITH:
            said = secantfw("sample", unfinished, override, "--out", tmp_path / "s")
            assert said.code == 2
            last = said.err.splitlines()[-1]
            assert re.search(rf" {re.escape(key)}: .*{TWO_HASHES}", last), last
            allowed = ("--allow-change", key, "--count", 2, "--out", tmp_path / "s")
            said = secantfw("sample", unfinished, override, *allowed)
            assert said.code == 0, said.err
    said = secantfw("run", "--resume", unfinished, override, "--allow-change", key)
    assert said.code == 0, said.err


def test_a_file_that_changed_in_its_place_is_noticed(official, secantfw, tmp_path, monkeypatch):
    own = PaperFiles(tmp_path / "own")
    shutil.copytree(official.folder, own.folder)
    run = started(secantfw, own, tmp_path / "out")
    networks.sit(own.folder / "SiT-XL-2-256.pt", seed=1)
    found = run / "checkpoints" / "step-000001"
    said = secantfw("run", "--resume", found, "train.steps=2", "--allow-change", "train.steps")
    assert said.code == 2
    assert re.search(rf"teacher\.weights: .*{TWO_HASHES}", said.err)


def test_what_is_no_file_stays(moved, secantfw):
    run, files = moved
    said = secantfw("evaluate", run, *paths(files), "backbone.depth=3")
    assert said.code == 2
    assert "backbone.depth: a trained run keeps it" in said.err


PLUGIN = '''
import attrs, numpy as np, torch
import secantfw
from secantfw import Dataset, DataSpec, Items, option


@attrs.frozen
class SpotsOptions:
    file: str = option(secantfw.REQUIRED, "the points", is_path=True{is_data})


class Spots(Dataset):
    """Points in the plane, from an array or from text."""

    def __init__(self, options: SpotsOptions) -> None:
        text = options.file.endswith(".txt")
        self._x = np.loadtxt(options.file) if text else np.load(options.file)
        self.spec = DataSpec((2,), 0)

    def size(self, split):
        return len(self._x) if split == "train" else 0

    def items(self, split, index):
        return Items(torch.from_numpy(self._x).float()[index], None)


@secantfw.hookimpl
def secantfw_components(register):
    register.dataset("spots", "spots:Spots", options="spots:SpotsOptions", summary="spots")
'''
SPOTS = (
    TOML.replace('"gaussian_mixture"\nsize = 500\nheld_out = 100\nlabels = true', '"spots"')
    .replace("labels = true\n", "")
    .replace("label_dropout = 0.2\n", "")
    .replace("schema = 1", 'schema = 1\nlocal_plugins = ["spots.py"]')
)


def spots(secantfw, folder: Path, is_data: str):
    """A run on points, which a third party's data set reads, and its experiment's folder."""
    (folder / "spots.py").write_text(PLUGIN.replace("{is_data}", is_data))
    (folder / "spots.toml").write_text(SPOTS)
    x = np.random.default_rng(0).integers(-3, 4, (40, 2)).astype(np.float64)
    np.save(folder / "x.npy", x)
    np.savetxt(folder / "x.txt", x)
    np.save(folder / "y.npy", -x - 1)
    said = secantfw("run", folder / "spots.toml", "dataset.file=x.npy", "--out", folder / "out")
    assert said.code == 0, said.err
    return only_run(folder / "out")


@pytest.mark.parametrize("is_data", ["", ", is_data=True"])
def test_a_third_partys_file_may_move_too(secantfw, tmp_path, is_data, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = spots(secantfw, tmp_path, is_data)
    (tmp_path / "new").mkdir()
    (tmp_path / "x.npy").rename(tmp_path / "new" / "z.npy")
    said = secantfw("evaluate", run, "dataset.file=new/z.npy")
    assert said.code == 0, said.err
    said = secantfw("evaluate", run, "dataset.file=y.npy")
    assert said.code == 2
    assert re.search(rf"dataset\.file: .*y\.npy.*{TWO_HASHES}", said.err)
    said = secantfw("evaluate", run, "dataset.file=x.txt")  # the same items, other bytes
    assert said.code == (0 if is_data else 2), said.err
