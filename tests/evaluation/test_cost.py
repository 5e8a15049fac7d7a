"""What `plan` and a run say of their evaluation is what it takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from paper_files import networks

from secantfw.forecast.evaluation_cost import picture_cost
from secantfw.forecast.flops import CountedFlops

pytestmark = [
    pytest.mark.plugin("sit", "edm", "data", "picard", "basics", "fid"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]
EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SMALL = (
    "train.steps=2", "train.warmup_steps=1", "train.batch_size=4", "evaluate.samples=24",
    "evaluate.compute_batch=8", "evaluate.nfe=[2,3]", "evaluate.picture=0", "metrics.use=[]",
    "evaluate.baselines=none", 'evaluate.solvers=["secant","euler"]',
)  # fmt: skip


def planned(secantfw, recipe: str, *overrides: str):
    file = EXPERIMENTS / "paper" / f"{recipe}.toml"
    said = secantfw("plan", file, "--json", *overrides)
    assert said.code == 0, said.err
    (found,) = json.loads(said.out)
    return found


@pytest.mark.parametrize("experiment", ["base/sit_student", "flowmaps/lagrangian"])
def test_a_run_says_the_flops_that_its_evaluation_then_takes(secantfw, tmp_path, experiment):
    """Also of a loss that differentiates, whose evaluations take more."""
    said = secantfw("run", EXPERIMENTS / f"{experiment}.toml", *SMALL, "--out", tmp_path)
    assert said.code == 0, said.err
    rows, number, unit = re.search(
        r"evaluation +(\d) rows of 24 samples, ([\d.]+) (\wFLOP)", said.err
    ).groups()
    (run,) = tmp_path.glob("*/*")
    with CountedFlops() as spent:
        assert secantfw("evaluate", run).code == 0
    assert len(json.loads((run / "evaluation.json").read_text())["rows"]) == int(rows) == 4
    assert spent.flops == pytest.approx(float(number) * {"G": 1e9, "T": 1e12}[unit[0]], rel=5e-3)


def test_pictures_cost_what_decoding_takes(tmp_path):
    pytest.importorskip("diffusers")
    from secantfw_data.latent_decoder import LatentDecoder

    class Latents:
        """As much of a data set as makes pictures."""

        spec = type("Spec", (), {"shape": (4, 32, 32)})
        decoder = LatentDecoder(str(networks.autoencoder(tmp_path / "vae")), 0.18215)

        def to_uint8(self, x):
            return self.decoder.pictures(x)

    found = picture_cost(Latents(), 2)
    with CountedFlops() as spent:
        pictures = Latents().to_uint8(torch.randn(3, 4, 32, 32))
    assert spent.flops == 3 * found.flops > 0
    assert found.bytes > 2 * 3 * 256 * 256 * 4  # float32 pictures at least
    assert pictures.float().std() > 1  # nothing of the count is left in the network


def test_pictures_that_cannot_be_counted_are_not():
    class Careful:
        spec = type("Spec", (), {"shape": (1, 4, 4)})

        def to_uint8(self, x):
            return x.to(torch.uint8) if len(x) and bool(torch.isfinite(x).all()) else x

    assert picture_cost(Careful(), 2) is None


@pytest.mark.parametrize(
    ("recipe", "samples", "evaluations", "flops"),
    [
        ("sit_xl2_imagenet256_stei_4step", 50_000, 4, 237.3e9),
        ("sit_xl2_imagenet256_stee_8step", 50_000, 14, 237.3e9),  # six of eight steps guided
        ("edm_cifar10_uncond_sdei_10step", 150_000, 10, 42.4e9),  # three seeds
    ],
)
def test_plan_counts_the_papers_evaluations(secantfw, recipe, samples, evaluations, flops):
    found = planned(secantfw, recipe, "train.batch_size=2")
    evaluation = found["evaluation"]
    assert (evaluation["rows"], evaluation["samples"]) == (1, samples)
    assert evaluation["drawing"] == pytest.approx(samples * evaluations * flops, rel=0.02)
    assert evaluation["pictures"] is None  # the files are not here
    assert found["evaluation_hours"] == pytest.approx(
        evaluation["drawing"] / (67e12 * 0.3) / 3600, rel=1e-6
    )


def test_plan_counts_checkpoints_and_what_pictures_take(secantfw, tmp_path):
    pytest.importorskip("diffusers")
    from paper_files.recipes import PaperFiles

    files, recipe = PaperFiles.written(tmp_path), "sit_xl2_imagenet256_sdei_4step"
    places = [o for o in files.overrides(recipe) if not o.startswith(("metrics", "backbone"))]
    small = planned(secantfw, recipe, *places, "backbone.size=tiny/2", "train.batch_size=2")
    assert small["checkpoints"] == 3
    assert small["evaluation"]["pictures"] > 0
    assert small["evaluation"]["picture_bytes"] > 64 * 3 * 256 * 256
    full = planned(secantfw, recipe, "train.batch_size=2", "train.keep_every=10000")
    assert full["checkpoint_gb"] == pytest.approx(10.85, abs=0.005)
    assert full["checkpoints"] == 3 + 5


def test_without_an_evaluation_there_is_nothing_to_say(secantfw):
    found = planned(
        secantfw, "edm_cifar10_uncond_sdei_2step", "evaluate.samples=0", "train.batch_size=2"
    )
    assert found["evaluation"] is None
    assert found["evaluation_hours"] == found["evaluation_gb"] == 0
