"""The student at step 0 is the teacher; dropout, labels, guidance and augmentation."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_basics.paths.vp import VP
from secantfw_edm.options import EDMTeacherOptions
from secantfw_edm.teacher import EDMTeacher

from secantfw import BuildSite, Cond, DataSpec, UserError, WeightsHeader, save_weights

SPEC = DataSpec((3, 8, 8), num_classes=4)
NETWORKS = {
    "ddpmpp": {},
    "ncsnpp": {
        "embedding_type": "fourier", "channel_mult_noise": 2, "encoder_type": "residual",
        "resample_filter": (1, 3, 3, 1),
    },
    "adm": {"model_type": "DhariwalUNet", "channel_mult": (1, 8)},
    "vp": {"preconditioning": "vp"},
    "ve": {"preconditioning": "ve", "decoder_type": "skip"},
    "iddpm": {"preconditioning": "iddpm"},
    "rotated": {"parameterisation": "rotated"},
    "dropout": {"dropout": 0.3},
    "told": {"guidance_embedding": "range", "guidance_range": (1.0, 2.0)},
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_at_equal_times_it_is_the_teacher_bit_for_bit(name, make_student, batch, tmp_path):
    x, t, s, cond = batch
    student, path = make_student(**NETWORKS[name]), VP()
    student.path = path
    file = str(tmp_path / "teacher.safetensors")
    header = WeightsHeader(file, "edm:edm", student.network_options(), SPEC)
    save_weights(file, student.tangent_weights(), header)
    teacher = EDMTeacher(EDMTeacherOptions(file), BuildSite(SPEC, path, header))
    told = attrs.evolve(cond, guidance=torch.full_like(t, 1.5)) if name == "told" else cond
    with torch.no_grad():
        t = t.clamp(min=path.t_min)
        assert torch.equal(student(x, t, t, told), teacher.velocity(x, t, cond))
        assert not torch.equal(
            student(x, t, s.clamp(min=path.t_min), told), student(x, t, t, told)
        )


def test_a_teacher_without_its_file_has_the_sizes_of_the_student(make_student, batch):
    """For `check` and dry runs: random weights, which a student can start from."""
    x, t, _, cond = batch
    student = make_student(augment_dim=9)
    header = WeightsHeader("", options=student.network_options(), spec=SPEC)
    site = BuildSite(SPEC, student.path, header)
    teacher = EDMTeacher.untrained(EDMTeacherOptions("set: somewhere"), site)
    student.load_tangent(teacher.weights())
    with torch.no_grad():
        assert torch.equal(student(x, t, t, cond), teacher.velocity(x, t, cond))


def test_dropout_is_on_where_a_gradient_flows_and_nowhere_else(make_student, batch):
    x, t, s, cond = batch
    student = make_student(dropout=0.3)
    with torch.no_grad():
        plain = student(x, t, s, cond)
        assert torch.equal(student.train()(x, t, s, cond), plain)  # a target while training
    assert not torch.equal(student(x, t, s, cond), plain)
    assert torch.equal(student.eval()(x, t, s, cond), plain)


@pytest.mark.slow
def test_it_compiles(make_student, batch):
    x, t, s, cond = batch
    student = make_student()
    with torch.no_grad():
        plain = student(x, t, s, cond)
        compiled = torch.compile(student, backend="aot_eager")(x, t, s, cond)
    torch.testing.assert_close(compiled, plain, rtol=1e-4, atol=1e-5)


def test_data_without_labels_need_no_null_class(make_student):
    student = make_student(spec=DataSpec((3, 8, 8)))
    x, t = torch.randn(2, 3, 8, 8), torch.tensor([0.9, 0.4])
    assert student(x, t, t / 2, Cond()).shape == x.shape


def test_different_time_embeddings_are_no_source_of_tangents(make_student):
    student = make_student()
    with torch.no_grad():
        student.model.map_layer1_s.bias += 1e-3
    with pytest.raises(UserError, match="embeds its two times differently"):
        student.tangent_weights()
    state = student.model.state_dict()
    one_time = {key: value for key, value in state.items() if "_s." not in key}
    student.load_tangent(one_time)
    assert student.tangent_weights().keys() == one_time.keys()


def test_an_augmented_picture_needs_a_network_that_is_told(make_student, batch):
    x, t, s, cond = batch
    moved = attrs.evolve(cond, augment=torch.rand(4, 9))
    told = make_student(augment_dim=9)
    assert not torch.equal(told(x, t, s, moved), told(x, t, s, cond))
    with pytest.raises(UserError, match=r"set backbone\.augment_dim = 9"):
        make_student()(x, t, s, moved)


def test_explicit_attention_is_fused_attention_and_has_a_forward_derivative(make_student, batch):
    x, t, s, cond = batch
    x, t, s = x.double(), t.double(), s.double()
    fused = make_student(attention="fused").double()
    explicit = make_student(attention="explicit").double()
    torch.testing.assert_close(explicit(x, t, s, cond), fused(x, t, s, cond), rtol=0, atol=1e-6)
    assert "jvp" in explicit.supports
    assert "jvp" not in fused.supports
    ones, end = torch.ones_like(t), torch.tensor([1.0, 0.7, 0.4, 0.0]).double()
    found = torch.func.jvp(lambda t: explicit(x, t, s, cond), (end,), (ones,))[1]
    assert found.isfinite().all()


def test_rotated_needs_outputs_of_unit_variance(make_student):
    with pytest.raises(UserError, match="'rotated' needs outputs of unit variance"):
        make_student(parameterisation="rotated", preconditioning="vp")
