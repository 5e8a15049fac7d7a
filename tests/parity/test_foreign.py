"""Every constructor argument of a sidecar is read, or the file is refused."""

from __future__ import annotations

import json
import shutil

import pytest

from .conftest import DEFAULT
from .foreign import write_sit
from .golden import golden_files
from .test_tampered import failures


@pytest.mark.parametrize(
    "ctor",
    [
        {},
        {"mlp_ratio": 2},
        {"mlp_ratio": 3.0},
        {"mlp_ratio": 2.5, "patch_size": 4, "num_heads": 2, "learn_sigma": False},
        {"class_dropout_prob": 0.3, "depth": 1},
    ],
    ids=str,
)
def test_a_foreign_folder_is_compared_with_the_network_it_describes(tmp_path, ctor):
    write_sit(tmp_path, **ctor)
    (golden,) = golden_files(tmp_path)
    assert set(golden.cases()) == {"velocity", "forward_with_cfg_1.5"}
    assert failures(tmp_path) == []


def said(folder, stem, **ctor):
    """The sidecar of this stem with other arguments."""
    file = folder / f"{stem}.json"
    content = json.loads(file.read_text())
    content["ctor"].update(ctor)
    file.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("ctor", "refusal"),
    [
        ({"qk_norm": True}, "arguments of no meaning: ['qk_norm']"),
        ({"class_dropout_prob": 0}, "class_dropout_prob 0: no null class"),
    ],
)
def test_an_argument_that_sit_does_not_have_is_refused(tmp_path, ctor, refusal):
    write_sit(tmp_path)
    said(tmp_path, "foreign", **ctor)
    assert [line for line in failures(tmp_path) if refusal in line]


@pytest.mark.parametrize(
    ("ctor", "refusal"),
    [
        ({"num_heads": 2}, "arguments of no meaning: ['num_heads']"),
        ({"use_fp16": True}, "use_fp16 is True, the only one known is False"),
    ],
)
def test_an_argument_that_edm_does_not_have_is_refused(tmp_path, ctor, refusal):
    stem = "edm_ddpmpp_uncond"
    for end in ("json", "safetensors"):
        shutil.copy(DEFAULT / f"{stem}.{end}", tmp_path)
    assert failures(tmp_path) == []
    said(tmp_path, stem, **ctor)
    assert [line for line in failures(tmp_path) if refusal in line]
