"""Bad experiments that only building shows: data, networks, weights and losses that do not fit.

Against the first-party plug-ins, through `secantfw check`; messages.toml says what is read.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from expected import check

import secantfw.cli.main
from secantfw.interfaces.records import DataSpec, WeightsHeader
from secantfw.load_plugins import load_plugins
from secantfw.weights.safetensors import save_weights

EXPERIMENT = """\
schema = 1

[dataset]
use = "gaussian_mixture"

[backbone]
use = "mlp"
width = 16
depth = 1

[teacher]
use = "gaussian_mixture"

[loss]
use = "sdei"

[time_sampler]
use = "segments"

[train]
steps = 2
batch_size = 8
"""
SIT_TEACHER = ("teacher.use=sit", "teacher.weights=weights.safetensors")
FASHION = ("dataset.use=fashion16", "backbone.use=sit", "backbone.size='tiny/4'")
CASES = {
    "direction_generate_for_sdee": ("loss.use=sdee",),
    "data_and_teacher_of_different_dimension": ("dataset.dimension=3",),
    "image_network_on_vectors": ("backbone.use=sit", "backbone.size='tiny/4'"),
    "patch_does_not_divide_image": (*FASHION, "backbone.patch=5"),
    "weights_of_other_data": (*FASHION, *SIT_TEACHER),
    "weights_of_another_network": (*FASHION, "teacher.use=sit", "teacher.weights=mlp.safetensors"),
    "weights_that_are_no_weights": (*FASHION, "teacher.use=sit", "teacher.weights=noise.bin"),
    "nan_in_data": ("dataset.use=arrays", "dataset.file=nan.npz"),
    "labels_dropped_that_are_not_there": ("guidance.label_dropout=0.1",),
    "no_teacher_to_distil": (),
}

WITHOUT_TEACHER = ("no_teacher_to_distil", "patch_does_not_divide_image")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text(EXPERIMENT)
    data = np.zeros((8, 2), dtype=np.float32)
    data[3, 1] = np.nan
    np.savez("nan.npz", x=data)
    Path("noise.bin").write_bytes(b"\xff" * 200)
    for file, spec in (("weights", DataSpec((2,))), ("mlp", DataSpec((1, 16, 16), 10))):
        header = WeightsHeader("", "basics:mlp", {"width": 16}, spec, "basics:linear")
        save_weights(f"{file}.safetensors", {"net.weight": torch.zeros(2, 2)}, header)
    return tmp_path


@pytest.mark.skipif(
    not {"basics", "data", "fid", "picard", "sit"} <= {p.name for p in load_plugins().loaded},
    reason="needs the first-party plug-ins",
)
@pytest.mark.parametrize("name", CASES)
def test_what_building_shows_is_said_by_line(name, folder, capsys):
    if name in WITHOUT_TEACHER:
        text = EXPERIMENT.replace('[teacher]\nuse = "gaussian_mixture"\n', "")
        Path("bad.toml").write_text(text)
    code = secantfw.cli.main.main(["check", "bad.toml", *CASES[name]])
    said = capsys.readouterr()
    check(name, said.out.replace(str(folder), "FOLDER"))
    assert code == 2
    assert said.err == ""
