"""`secantfw convert` of EDM's pickles; `[teacher] weights = "edm-....pkl"`."""

import attrs
import numpy as np
import pytest
import torch
from paper_files.edm_pickles import SMALL, SOURCE, network_of, save, snapshot
from safetensors.torch import load_file
from secantfw_basics.paths.linear import Linear
from secantfw_edm.backbone import EDMBackbone
from secantfw_edm.condition import Told
from secantfw_edm.design import Design, teacher_design
from secantfw_edm.embeddings import one_hot_labels
from secantfw_edm.options import EDMOptions, EDMTeacherOptions
from secantfw_edm.teacher import EDMTeacher

from secantfw import BuildSite, Cond, DataSpec, read_header

pytestmark = pytest.mark.plugin("edm")

NCSNPP = {"embedding_type": "fourier", "channel_mult_noise": 2, "encoder_type": "residual",
          "decoder_type": "standard", "resample_filter": [1, 3, 3, 1]}  # fmt: skip
ADM = {"model_type": "DhariwalUNet", "model_channels": 64, "label_dim": 3, "use_fp16": True}
NETWORKS = {
    "ddpmpp": {"augment_dim": 9, "dropout": 0.13},
    "ncsnpp": {**NCSNPP, "label_dim": 4, "label_dropout": 0.1},
    "adm": ADM,
}


@pytest.fixture
def convert(secantfw, tmp_path):
    """convert(file, *options) -> the converted file; the command must succeed."""

    def run(file, *options):
        out = tmp_path / "out.safetensors"
        said = secantfw("convert", file, out, *options)
        assert said.code == 0, said.err
        run.said = said.out
        return out

    return run


@pytest.mark.parametrize("old_numpy", [False, True], ids=["numpy2", "numpy1"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_converted_network_is_the_network_bit_for_bit(convert, tmp_path, name, old_numpy):
    said = {**SMALL, **NETWORKS[name]}
    source = network_of(**said)
    data = snapshot(network=source, **said)
    out = convert(save(tmp_path / "edm-tiny.pkl", data, old_numpy=old_numpy))
    stored = load_file(out)
    assert stored.keys() == {f"model.{key}" for key in source.state_dict()}
    assert all(torch.equal(stored[f"model.{k}"], v) for k, v in source.state_dict().items())
    header = read_header(out)
    spec = DataSpec((3, 8, 8), said.get("label_dim", 0))
    assert (header.component, header.spec, header.path_name) == ("edm:edm", spec, "")
    teacher = EDMTeacher(EDMTeacherOptions(str(out)), BuildSite(spec, Linear(), header))
    rng = torch.Generator().manual_seed(1)
    x, noise = torch.randn(3, 3, 8, 8, generator=rng), torch.tensor([-1.5, 0.0, 1.0])
    labels = None
    if spec.num_classes:
        labels = one_hot_labels(torch.tensor([0, 1, spec.num_classes]), spec.num_classes, x)
    told = Told(labels=labels)
    assert torch.equal(teacher.network(x, noise, told), source(x, noise, told))
    assert "edm:official" in convert.said
    assert ("float16 on CUDA" in convert.said) is ("use_fp16" in said)


def test_what_was_not_said_has_the_default_of_the_official_class(convert, tmp_path):
    """Of the published files none says num_blocks, attn_resolutions or channel_mult_emb."""
    said = {"img_resolution": 16, "img_channels": 1, "model_channels": 4, "channel_mult": [1, 1],
            "augment_dim": 9, "dropout": np.float64(0.13)}  # fmt: skip
    data = snapshot()
    ema = data["ema"].state
    ema["_init_kwargs"] = {**said, "model_type": "SongUNet"}
    ema["_modules"] = snapshot(network=network_of(model_type="SongUNet", **said))["ema"].state[
        "_modules"
    ]
    header = read_header(convert(save(tmp_path / "w.pkl", data)))
    a = teacher_design(header).architecture
    assert (a.num_blocks, a.attn_resolutions, a.channel_mult_emb) == (4, (16,), 4)
    assert (a.dropout, a.augment_dim, a.label_dropout) == (0.13, 9, 0)
    assert header.spec == DataSpec((1, 16, 16), 0)


@pytest.mark.parametrize(
    ("wrapper", "family", "levels", "said"),
    [
        ("EDMPrecond", "edm", (0.002, 80.0), {}),
        ("EDMPrecond", "edm", (0.01, 50.0), {"sigma_min": 0.01, "sigma_max": 50.0}),
        ("VPPrecond", "vp", (0.0009765625, 152.1670709), {"beta_d": 19.9, "M": 1000}),
        ("VEPrecond", "ve", (0.02, 100.0), {}),
        ("iDDPMPrecond", "iddpm", (0.0064223, 20291.17), {"C_1": 0.001}),
    ],
)
def test_the_preconditioning_is_that_of_the_class(
    convert, tmp_path, wrapper, family, levels, said
):
    network = network_of(**SMALL, out_channels=6 if family == "iddpm" else 3)
    data = snapshot(wrapper, network=network, **said)
    if family == "iddpm":
        data["ema"].state["_buffers"] = {"u": torch.zeros(1001)}
    design = teacher_design(read_header(convert(save(tmp_path / "w.pkl", data))))
    assert design.preconditioning == family
    assert (design.sigma_min, design.sigma_max) == levels


def test_the_class_round_the_network_says_which_network_by_default(convert, tmp_path):
    """EDMPrecond means DhariwalUNet and VPPrecond SongUNet where nothing is said."""
    adm = {**SMALL, **ADM}
    data = snapshot(**adm)
    del data["ema"].state["_init_kwargs"]["model_type"]
    design = teacher_design(read_header(convert(save(tmp_path / "w.pkl", data))))
    assert design.architecture.model_type == "DhariwalUNet"
    data = snapshot("VPPrecond")
    del data["ema"].state["_init_kwargs"]["model_type"]
    design = teacher_design(read_header(convert(save(tmp_path / "w.pkl", data))))
    assert design.architecture.model_type == "SongUNet"


def test_options_are_before_what_the_file_says(secantfw, convert, tmp_path):
    file = save(tmp_path / "w.pkl", snapshot())
    design = Design.of(read_header(convert(file, "--set", "sigma_max=90.5")).options)
    assert design.sigma_max == 90.5
    said = secantfw("convert", file, tmp_path / "no", "--set", "heads=4")
    assert "edm:official networks have no option 'heads'" in said.err
    assert (
        "has no weights 'model'; it has ema"
        in secantfw("convert", file, tmp_path / "no", "--which", "model").err
    )
    assert attrs.evolve(design, sigma_max=80.0) == Design.of({**SMALL, "model_type": "SongUNet"})


def test_source_text_in_a_file_is_never_executed(convert, tmp_path):
    canary = tmp_path / "canary"
    data = snapshot()
    for part in ("ema", "loss_fn", "augment_pipe"):
        data[part].meta["module_src"] = f"open({str(canary)!r}, 'w')\n{SOURCE}"
    convert(save(tmp_path / "w.pkl", data))
    assert not canary.exists()


@pytest.mark.plugin("basics", "data", "edm", "fid", "picard")
def test_an_experiment_names_the_pickle(secantfw, experiments, tmp_path):
    said = {**SMALL, "img_resolution": 16, "img_channels": 1, "label_dim": 10}
    file = save(tmp_path / "edm-tiny.pkl", snapshot(**said))
    toml = experiments / "edm_picard.toml"
    small = (f"teacher.weights={file}", "train.steps=1", "train.warmup_steps=0",
             "train.batch_size=4", "evaluate.samples=0", "metrics.use=[]")  # fmt: skip
    checked = secantfw("check", toml, *small)
    assert checked.code == 0, checked.out
    assert "would convert weights as it reads them: edm-tiny.pkl: " in checked.out
    run = secantfw("run", toml, *small, "--out", tmp_path / "runs")
    assert run.code == 0, run.err
    assert "edm-tiny.pkl: converted from edm:official, weights ema" in run.err
    assert "f(x, t, t) = v(x, t) bit for bit" in run.err


def test_a_converted_file_starts_a_student(convert, tmp_path):
    out = convert(save(tmp_path / "w.pkl", snapshot(augment_dim=9)))
    header, path = read_header(out), Linear()
    site = BuildSite(header.spec, path, header)
    student = EDMBackbone(EDMOptions(), site).eval()
    teacher = EDMTeacher(EDMTeacherOptions(str(out)), site)
    student.load_tangent(teacher.weights())
    rng = torch.Generator().manual_seed(1)
    x, t = torch.randn(3, 3, 8, 8, generator=rng), torch.tensor([0.2, 0.5, 1.0])
    with torch.no_grad():
        assert torch.equal(student(x, t, t, Cond()), teacher.velocity(x, t, Cond()))
