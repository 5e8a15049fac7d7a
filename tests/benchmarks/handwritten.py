"""The loop a researcher would write by hand for SDEI on vectors: no framework, the same draws.

It has what the framework has: seeded draws, gradient norm and clipping, a flag into fused AdamW by
which a non-finite step and all after it change nothing, foreach EMA with warm-up, values kept for
the log. What the framework adds to it is what these tests count.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


def handwritten_loop(
    student: nn.Module,
    teacher,  # (x, t) -> v
    data: torch.Tensor,
    *,
    steps: int,
    batch_size: int,
    segments: int,
    learning_rate: float,
    clip_norm: float,
    decay: float,
    after_step=None,
) -> list:
    """Train; returns the kept (loss, norm) pairs."""
    ema = copy.deepcopy(student).requires_grad_(False)
    live, average = list(student.parameters()), list(ema.parameters())
    optimizer = torch.optim.AdamW(live, lr=learning_rate, weight_decay=0.0, fused=True)
    noise, times = torch.Generator(), torch.Generator()
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    kept, room = [], torch.ones(())
    for step in range(steps):
        index = order[step * batch_size : (step + 1) * batch_size]
        x_0 = data[index]
        z = torch.randn(x_0.shape, generator=noise.manual_seed(step), device=x_0.device)
        rng = times.manual_seed(step)
        n = batch_size
        i = torch.randint(1, segments + 1, (n,), generator=rng, dtype=torch.float32)
        u = torch.rand(n, generator=rng)
        t, s = i / segments, (i - u) / segments
        w = torch.rand((n, 1), generator=rng)
        r = torch.lerp(t.unsqueeze(1), s.unsqueeze(1), w)
        r_weight = torch.full((n, 1), 1.0)  # what K draws would be weighted with
        r = r.unbind(1)[0]
        del r_weight
        x_t = torch.lerp(x_0, z, t.reshape(n, 1))
        with torch.no_grad():
            x_r = torch.addcmul(x_t, (r - t).reshape(n, 1), student(x_t, t, r))
            target = teacher(x_r, r)
        f = student(x_t, t, s)
        loss = (f - target).square().flatten(1).mean(1).mean()
        loss.backward()
        norm = torch.nn.utils.get_total_norm([p.grad for p in live], foreach=True)
        torch.nn.utils.clip_grads_with_norm_(live, clip_norm, norm, foreach=True)
        with torch.no_grad():
            room = torch.isfinite(torch.addcdiv(loss, norm, room)).float()
            optimizer.found_inf = 1.0 - room
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            torch._foreach_lerp_(average, live, 1.0 - min(decay, (1 + step) / (10 + step)))
        kept.append((loss.detach(), norm))
        if after_step is not None:
            after_step(step)
    return kept


def handwritten_sampler(student: nn.Module, x: torch.Tensor, steps: int) -> torch.Tensor:
    """N secant steps from t = 1 to 0."""
    n = len(x)
    one, zero = torch.ones(n), torch.zeros(n)
    grid = torch.lerp(one, zero, torch.linspace(0, 1, steps + 1).unsqueeze(1))
    widths = grid.diff(dim=0).unsqueeze(2).unbind(0)
    times = grid.unbind(0)
    with torch.inference_mode():
        for i, width in enumerate(widths):
            x = torch.addcmul(x, width, student(x, times[i], times[i + 1]))
    return x
