"""A real experiment whose network is nothing, so that only the framework is left to measure."""

from __future__ import annotations

from pathlib import Path

TOML = """
schema = 1
title = "null"
local_plugins = ["null_plugin.py"]
[dataset]
use = "gaussian_mixture"
size = 60000
[teacher]
use = "null_plugin:null"
[backbone]
use = "null_plugin:null"
[loss]
use = "sdei"
[time_sampler]
use = "segments"
segments = 4
[train]
steps = 400
batch_size = 32
learning_rate = 1e-4
clip_norm = 1.0
log_every_steps = 100000
save_every_steps = 100000
[evaluate]
samples = 0
"""
PLUGIN = """
import attrs
import torch
from torch import nn

import secantfw
from secantfw import Backbone, LoadReport, Teacher


class Null(Backbone):
    def __init__(self, options, site):
        super().__init__()
        self.path = site.path
        self.scale = nn.Parameter(torch.ones(2))

    def forward(self, x, t, s, cond):
        return x * self.scale

    def load_tangent(self, weights):
        return LoadReport(copied=())

    def tangent_weights(self):
        return {}

    def network_options(self):
        return {}


class NullTeacher(Teacher):
    def __init__(self, options, site):
        self.path = site.path

    def velocity(self, x, t, cond):
        return -x

    def to(self, device):
        return self

    def weights(self):
        return None

    def num_parameters(self):
        return 0


@attrs.frozen
class Options:
    pass


@secantfw.hookimpl
def secantfw_components(register):
    register.backbone("null", "null_plugin:Null", options="null_plugin:Options")
    register.teacher("null", "null_plugin:NullTeacher", options="null_plugin:Options")
"""


def prepare_null(folder: Path, *overrides: str):
    """The prepared run of the null experiment, written to `folder`."""
    from secantfw.experiment.load import load
    from secantfw.load_plugins import load_plugins
    from secantfw.training.job import prepare

    (folder / "null_plugin.py").write_text(PLUGIN)
    (folder / "null.toml").write_text(TOML)
    plugins = load_plugins()
    return prepare(load(folder / "null.toml", list(overrides), plugins), plugins)
