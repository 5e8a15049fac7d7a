"""The README of an exported folder: how diffusers draws samples from it."""

from __future__ import annotations

from collections.abc import Sequence

from secantfw import DataSpec

#: Two routes to one time differ by less.
_SAME = 1e-6

_CARD = """\
# A SiT of secantfw for diffusers

{what}

```python
import torch
from diffusers import DiTTransformer2DModel, FlowMapEulerDiscreteScheduler

transformer = DiTTransformer2DModel.from_pretrained(folder).eval()  # of this folder
scheduler = FlowMapEulerDiscreteScheduler.from_pretrained(folder)
scheduler.set_timesteps({grid})
x = torch.randn(8, {shape})
labels = {labels}
with torch.no_grad():
    for t in scheduler.timesteps:
        v = transformer(x, timestep=t.expand(len(x)), class_labels=labels).sample
        x = scheduler.step(v, t, x).prev_sample
```

`x` are then {data}, as the network was trained on them. diffusers 0.42 has the scheduler.
"""
_STEPS = """\
Secants f(x, t, s) for **exactly these {n} steps**, {spacing}. A DiTTransformer2DModel has one
time, so the other is a function of it: with other steps the samples are wrong."""
_TANGENT = """\
The tangent v(x, t) at any time: every number of steps is Euler's method. Other flow-matching
schedulers whose timesteps are 1000 t (t = 1 is noise) run it too."""


def card(spec: DataSpec, times: Sequence[float]) -> str:
    """README.md; `times` are the N + 1 of the steps, none for a tangent."""
    n = len(times) - 1
    equal = all(abs(t - (1 - k / n)) < _SAME for k, t in enumerate(times))
    spacing = "of equal length" if equal else "of lengths of their own"
    what = _STEPS.format(n=n, spacing=spacing) if times else _TANGENT
    grid = f"sigmas={[*times[:-1]]}" if not equal else n if times else 50
    null = spec.num_classes
    labels = (
        f"torch.arange(8) % {null}  # {null} is the null class"
        if null
        else "torch.zeros(8, dtype=torch.long)  # there are no classes"
    )
    shape = ", ".join(map(str, spec.shape))
    return _CARD.format(
        what=what, grid=grid, shape=shape, labels=labels, data=f"data of shape ({shape})"
    )
