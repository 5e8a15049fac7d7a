"""Norm and clipping give torch's bits."""

from __future__ import annotations

import copy

import pytest
import torch

from secantfw.parallel.gradients import clip, total_norm

SHAPES = [(3, 4), (5,), (), (0, 2), (2, 3, 4)]


def gradients(scale=1.0, dtype=torch.float32):
    rng = torch.Generator().manual_seed(0)
    return [(torch.randn(shape, generator=rng) * scale).to(dtype) for shape in SHAPES]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_they_are_those_of_torch(scale, dtype):
    ours, parameters = gradients(scale, dtype), []
    for gradient in copy.deepcopy(ours):
        parameters.append(torch.nn.Parameter(torch.zeros_like(gradient)))
        parameters[-1].grad = gradient
    norm = total_norm(ours)
    assert torch.equal(norm, torch.nn.utils.get_total_norm([p.grad for p in parameters]))
    clip(ours, norm, 1.0)
    torch.nn.utils.clip_grads_with_norm_(parameters, 1.0, norm)
    for mine, parameter in zip(ours, parameters, strict=True):
        assert torch.equal(mine, parameter.grad)
    assert total_norm(ours) <= 1.0 or dtype is torch.bfloat16


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_what_is_not_finite_shows(bad):
    found = gradients()
    found[1][2] = bad
    assert not torch.isfinite(total_norm(found))


def test_none_has_norm_zero_and_nothing_to_clip():
    assert total_norm([]) == 0
    clip([], total_norm([]), 1.0)
