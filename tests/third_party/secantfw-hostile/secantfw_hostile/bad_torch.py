"""Imports torch at once and turns its global settings."""

import torch

import secantfw

torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
torch.set_num_threads(torch.get_num_threads() + 1)
torch.manual_seed(0)


@secantfw.hookimpl
def secantfw_components(register):
    torch.use_deterministic_algorithms(True)
