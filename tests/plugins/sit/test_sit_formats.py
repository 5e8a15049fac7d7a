"""`secantfw convert` of SiT's, the secant release's and diffusers' files; `weights = "x.pt"`."""

import hashlib
import json
from argparse import Namespace
from pathlib import Path

import attrs
import pytest
import torch
from official_files import (
    ARGS,
    SIZES,
    SPEC,
    checkpoint,
    diffusers_file,
    save,
    state,
)
from safetensors.torch import load_file, save_file
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.formats.official import OfficialSiT
from secantfw_sit.network import SiTNetwork
from secantfw_sit.options import SiTOptions, SiTTeacherOptions
from secantfw_sit.teacher import SiTTeacher

from secantfw import BuildSite, Cond, DataSpec, UserError, load_weights, read_header

pytestmark = pytest.mark.plugin("sit")
SITE = BuildSite(SPEC, path=None)
GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "secant_init"


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


def same(out, weights, prefix=""):
    found = load_file(out)
    assert found.keys() == {prefix + key for key in weights}
    return all(torch.equal(found[prefix + key], value) for key, value in weights.items())


def velocity(file):
    rng = torch.Generator().manual_seed(1)
    x, t = torch.randn(3, *SPEC.shape, generator=rng), torch.rand(3, generator=rng)
    cond = Cond(torch.tensor([0, 4, 5]))
    return SiTTeacher(SiTTeacherOptions(str(file)), SITE).velocity(x, t, cond), (x, t, cond)


def test_a_bare_state_dict_becomes_a_file_that_describes_itself(convert, tmp_path):
    weights = state()
    file = save(tmp_path / "SiT-XL-2-256.pt", weights)
    out = convert(file)
    assert same(out, weights)
    header = read_header(out)
    assert (header.component, header.spec, header.path_name) == ("sit:sit", SPEC, "")
    assert header.options == attrs.asdict(SIZES)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for fact in (digest, "SiT-XL-2-256.pt", "sit:official", "one (a teacher)"):
        assert fact in convert.said
    v, (x, t, cond) = velocity(out)
    network = SiTNetwork(SIZES, SPEC)
    network.load_state_dict(weights)
    assert torch.equal(v, -network(x, 1 - t, label=cond.label))


@pytest.mark.parametrize(("which", "seed"), [("", 2), ("ema", 2), ("model", 1)])
@pytest.mark.parametrize("args", [ARGS, vars(ARGS)], ids=["Namespace", "dict"])
def test_of_a_training_checkpoint_the_average_is_taken_unless_told(
    convert, tmp_path, which, seed, args
):
    told = ("--which", which) if which else ()
    out = convert(checkpoint(tmp_path / "0050000.pt", args=args), *told)
    assert same(out, state(seed))
    header = read_header(out)
    assert header.options["heads"] == 16  # SiT-L of args, not the preset of this width
    assert header.path_name == "basics:trigonometric"
    assert f"{which or 'ema'} (of ema, model)" in convert.said


def test_what_a_checkpoint_predicts_and_on_which_path_is_kept(convert, tmp_path):
    args = Namespace(model="SiT-L/2", path_type="VP", prediction="score")
    header = read_header(convert(checkpoint(tmp_path / "s.pt", args=args)))
    assert (header.options["prediction"], header.path_name) == ("score", "basics:vp")


@pytest.mark.parametrize(
    ("online_cfg", "told"),
    [
        ("1-2.5", {"guidance_embedding": "range", "guidance_range": [1.0, 2.5]}),
        ("1.5", {"guidance_embedding": "constant"}),
    ],
)
def test_a_checkpoint_of_the_secant_release_is_a_student(convert, tmp_path, online_cfg, told):
    args = Namespace(model="DiT-L/2", path_type="Linear", online_cfg=online_cfg)
    out = convert(checkpoint(tmp_path / "s.pt", args=args, two_times=True, guidance=True))
    assert same(out, state(2, two_times=True, guidance=True), "network.")
    header = read_header(out)
    assert {k: header.options[k] for k in told} == told
    assert header.path_name == "basics:linear"
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in header.options.items()}
    student = SiTBackbone(SiTOptions(**options), SITE)
    student.load_state_dict(load_weights(out))


def test_what_no_file_shows_can_be_said(secantfw, convert, tmp_path):
    file = save(tmp_path / "s.pt", state(two_times=True, guidance=True))
    refused = secantfw("convert", file, tmp_path / "no")
    assert refused.code == 2
    assert "does not say of which range" in refused.err
    out = convert(file, "--set", "guidance_range=[1,2.5]", "--set", "heads=8")
    assert read_header(out).options["guidance_range"] == [1, 2.5]
    assert read_header(out).options["heads"] == 8
    said = secantfw(
        "convert", file, tmp_path / "no", "--set", "guidance_range=[1,2]", "--set", "a=1"
    )
    assert "networks have no option 'a'" in said.err


@pytest.mark.parametrize("kind", ["SiTTransformer2DModel", "DiTTransformer2DModel"])
def test_diffusers_names_are_the_same_network(convert, tmp_path, kind):
    weights = state()
    file = diffusers_file(
        tmp_path / "t", weights, _class_name=kind, num_attention_heads=4, sample_size=8
    )
    out = convert(file)
    assert same(out, weights)
    if kind.startswith("SiT"):
        bare = save(tmp_path / "bare.pt", weights)
        assert torch.equal(velocity(out)[0], velocity(convert(bare))[0])
    else:
        with pytest.raises(UserError, match="predicts ddpm_noise, of which no velocity is known"):
            velocity(out)


def test_without_a_config_the_image_size_is_asked_for(secantfw, convert, tmp_path):
    file = diffusers_file(tmp_path / "t", state())
    assert "--set sample_size=32" in secantfw("convert", file, tmp_path / "no").err
    assert same(convert(file, "--set", "sample_size=8"), state())


def test_the_golden_teacher_becomes_the_golden_student(tmp_path):
    golden = load_file(f"{GOLDEN}.safetensors")
    heads = json.loads(Path(f"{GOLDEN}.json").read_text())["ctor"]["num_heads"]
    teacher = {
        k.removeprefix("teacher/"): v for k, v in golden.items() if k.startswith("teacher/")
    }
    file = save(tmp_path / "golden.pt", teacher)
    read = OfficialSiT().read(file, "", {"heads": heads})
    assert read.missing == read.left_over == ()
    options = {k: v for k, v in read.header.options.items() if k != "prediction"}
    student = SiTBackbone(SiTOptions(**options), BuildSite(read.header.spec, path=None))
    report = student.load_tangent(read.tensors)
    made = {f"out/converted/{key}" for key in report.made}
    assert made == {key for key in golden if key.startswith("out/converted/")}
    own = student.network.state_dict()
    assert all(torch.equal(own[key.removeprefix("out/converted/")], golden[key]) for key in made)


def test_left_over_names_are_listed_and_an_old_out_stays(secantfw, convert, tmp_path):
    extra = {**state(), "surplus.weight": torch.zeros(1), "logvar": torch.zeros(2)}
    out = convert(save(tmp_path / "w.pt", extra))
    assert "left over  surplus.weight" in convert.said
    assert "left over  logvar" in convert.said
    before = out.read_bytes()
    lacking = {k: v for k, v in state().items() if "blocks.1.mlp.fc2" not in k}
    said = secantfw("convert", save(tmp_path / "l.pt", lacking), out)
    assert said.code == 2
    assert "2 weights (blocks.1.mlp.fc2.weight, blocks.1.mlp.fc2.bias) missing" in said.err
    assert out.read_bytes() == before
    assert secantfw("convert", out, out).code == 2
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.plugin("basics", "data", "picard", "sit")
def test_an_experiment_names_the_official_file(secantfw, experiments, tmp_path):
    spec = DataSpec((1, 16, 16), 10)
    sizes = attrs.evolve(SIZES, patch=4)
    file = save(tmp_path / "official.pt", state(sizes=sizes, spec=spec))
    toml = experiments / "sit_picard.toml"
    small = (f"teacher.weights={file}", "train.steps=1", "train.warmup_steps=0",
             "train.batch_size=4", "evaluate.samples=0", "metrics.use=[]")  # fmt: skip
    assert secantfw("check", toml, *small).code == 0
    said = secantfw("run", toml, *small, "guidance.range=[1,2]", "--out", tmp_path / "runs")
    assert said.code == 0, said.err
    assert "official.pt: converted from sit:official" in said.err
    assert "f(x, t, t) = v(x, t) bit for bit" in said.err
    bias = "final_layer.linear.bias"
    bad = {**state(sizes=sizes, spec=spec), bias: torch.full((32,), torch.nan)}
    broken = (f"teacher.weights={save(tmp_path / 'nan.pt', bad)}", *small[1:])
    refused = secantfw("run", toml, *broken, "--out", tmp_path / "no")
    assert refused.code == 2
    assert f"NaN or infinity in 1 weight ({bias})" in refused.err


def test_a_bare_safetensors_file_is_converted_too(convert, tmp_path):
    weights = state()
    save_file(weights, tmp_path / "bare.safetensors")
    assert same(convert(tmp_path / "bare.safetensors"), weights)
